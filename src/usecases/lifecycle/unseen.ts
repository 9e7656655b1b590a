import type { BoxRecord } from "../../core/box.ts";
import type { Seen } from "../../core/lifecycle/activity.ts";
import { moved } from "../../core/lifecycle/clock.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

/** A running box into which the reaper's last look failed, so that nothing becomes of it. */
export interface Unseen {
  /** Of the first look that failed since the last good one. */
  readonly since: Millis;
  /** Why, in a person's words. */
  readonly problem: string;
}

/** One fact for all boxes, because facts are never removed and boxes are. */
const KEY = "lifecycle.unseen";

/** As it is kept. Another container is another box to look into, such as after a rebuild. */
type Kept = Readonly<Record<string, Unseen & { readonly container: string | undefined }>>;

type UnseenDeps = Pick<Deps, "ledger">;

function kept({ ledger }: UnseenDeps): Kept {
  const fact = ledger.fact(KEY);
  return fact === undefined ? {} : (JSON.parse(fact) as Kept);
}

/**
 * Boxes that could not be looked at when the reaper tried last, by id; one that was stopped, destroyed or rebuilt since
 * is none of them.
 */
export function unseenBoxes(deps: UnseenDeps): ReadonlyMap<string, Unseen> {
  const entries = Object.entries(kept(deps));
  // Commands that list boxes ask on every call, and mostly there is none.
  if (entries.length === 0) return new Map();
  const shifts = deps.ledger.clockMoves();
  return new Map(
    entries.flatMap(([id, { since, problem, container }]) => {
      const box = deps.ledger.boxById(id);
      const isSame = box?.phase === "ready" && box.stoppedAt === undefined && box.containerId === container;
      return isSame ? [[id, { since: moved(since, shifts), problem }] as const] : [];
    }),
  );
}

/** What is said of such a box, without a full stop. */
export function unseenText(name: string, { since, problem }: Unseen, now: Millis): string {
  return `${name} could not be looked at, the first time ${ago(since, now)}: ${problem}`;
}

/**
 * Enters which boxes could not be looked at, and that others can be again.
 * @param boxes all that were meant, also those that do not run
 * @param running ids of those that do
 * @param seen a running box that is not in it was not tried
 */
export function keepUnseen(
  deps: Pick<Deps, "ledger" | "clock">,
  boxes: readonly BoxRecord[],
  running: ReadonlySet<string>,
  seen: ReadonlyMap<string, Seen>,
): void {
  const before = kept(deps);
  const known = unseenBoxes(deps);
  const next = { ...before };
  for (const id of Object.keys(before)) if (deps.ledger.boxById(id) === undefined) Reflect.deleteProperty(next, id);
  for (const { id, containerId: container } of boxes) {
    const look = seen.get(id);
    if (look?.observation === "failed") {
      // Kept as it was written down: times are moved when they are read.
      const since = known.has(id) ? before[id]?.since : undefined;
      next[id] = { since: since ?? deps.clock.now(), problem: look.problem ?? "it does not answer", container };
    } else if (look !== undefined || !running.has(id)) Reflect.deleteProperty(next, id);
  }
  const json = JSON.stringify(next);
  if (json !== JSON.stringify(before)) deps.ledger.setFact(KEY, json);
}

/** Looks at boxes as the last one of the reaper was: of one that failed nothing can be foreseen. */
export function asLastSeen(deps: UnseenDeps, boxes: readonly BoxRecord[]): ReadonlyMap<string, Seen> {
  const unseen = unseenBoxes(deps);
  return new Map(
    boxes.map(({ id }) => {
      const problem = unseen.get(id)?.problem;
      const observation = problem === undefined ? "fresh" : "failed";
      return [id, { observation, problem, inUse: undefined, hold: undefined }];
    }),
  );
}
