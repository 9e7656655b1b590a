import { boxState, type BoxRecord } from "../../core/box.ts";
import type { Seen } from "../../core/lifecycle/activity.ts";
import type { BoxFacts, LastActivity, NoticeFacts, ScheduleFacts } from "../../core/lifecycle/facts.ts";
import { heldFacts, longest, type HoldJudge } from "../../core/lifecycle/holds.ts";
import type { HoldRecord, NoticeRecord } from "../../core/lifecycle/records.ts";
import type { ProcessIdentity } from "../../core/operation.ts";
import type { Millis } from "../../core/time.ts";
import type { EngineBox } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";
import { holdJudge } from "./settle-holds.ts";

/** Looks at running boxes, by box id; `as-last-seen`: nobody looked, what the ledger has of them is taken for good. */
type Sight = ReadonlyMap<string, Seen> | "as-last-seen";

/** What the engine has of boxes, by box id; a box that is not in it is gone. */
export type Containers = ReadonlyMap<string, Pick<EngineBox, "state">>;

/** What was seen of boxes beside the ledger. */
interface Looked {
  readonly containers: Containers;
  /** A running box that is not in it could not be looked at. */
  readonly seen: Sight;
  readonly now: Millis;
}

type GatherDeps = Pick<Deps, "ledger" | "host" | "config">;

/**
 * What decides about boxes: what the ledger, the engine and the looks at them say, put together. The ledger is read
 * once for all of them; nothing is written.
 * Since when a box does not run is the ledger's alone: the engine's times are not set right with the clock.
 */
export async function gather(
  deps: GatherDeps,
  boxes: readonly BoxRecord[],
  { containers, seen, now }: Looked,
): Promise<BoxFacts[]> {
  const known = { ...(await keptOf(deps, boxes, now)), seen, now };
  return boxes.map((box) => factsOf(box, containers.get(box.id), known));
}

/** What the ledger keeps beside the boxes themselves, by box id. */
interface Kept {
  readonly busy: ReadonlySet<string>;
  readonly holds: ReadonlyMap<string, readonly HoldRecord[]>;
  readonly judge: HoldJudge;
  readonly schedules: ReadonlyMap<string, ScheduleFacts>;
  readonly notices: ReadonlyMap<string, readonly NoticeRecord[]>;
  readonly leaving: ReadonlyMap<string, readonly unknown[]>;
}

async function keptOf(deps: GatherDeps, boxes: readonly BoxRecord[], now: Millis): Promise<Kept> {
  const { ledger } = deps;
  const [first] = boxes;
  const only = boxes.length === 1 ? first : undefined;
  const isOne = first !== undefined && boxes.every(({ owner }) => owner === first.owner);
  return {
    busy: busyBoxes(deps),
    holds: Map.groupBy(ledger.holds(only?.id), ({ boxId }) => boxId),
    judge: holdJudge(deps, now),
    schedules: await schedulesOf(deps, now),
    notices: Map.groupBy(
      ledger.notices(only ? { boxId: only.id } : isOne ? { owner: first.owner } : {}),
      ({ boxId }) => boxId,
    ),
    leaving: Map.groupBy(
      ledger.devices().filter(({ state }) => state === "leaving"),
      ({ boxId }) => boxId,
    ),
  };
}

interface Known extends Kept {
  readonly seen: Sight;
  readonly now: Millis;
}

/** Boxes on which somebody else is at work, or that somebody left with work undone. */
function busyBoxes({ ledger, host }: Pick<Deps, "ledger" | "host">): ReadonlySet<string> {
  const self = host.self();
  const leases = ledger.leases().filter(({ holder }) => !isSame(holder, self) && host.isAlive(holder));
  return new Set([...leases, ...ledger.operations()].map(({ boxId }) => boxId));
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks && one.bootId === other.bootId;
}

/** What boxes' schedules say; the library that understands them is loaded only where there are any. */
async function schedulesOf({ ledger }: Pick<Deps, "ledger">, now: Millis): Promise<ReadonlyMap<string, ScheduleFacts>> {
  const schedules = ledger.schedules();
  if (schedules.length === 0) return new Map();
  const { scheduleFacts } = await import("../../core/lifecycle/schedule.ts");
  return new Map(schedules.map((schedule) => [schedule.boxId, scheduleFacts(schedule, now)]));
}

function factsOf(box: BoxRecord, container: Pick<EngineBox, "state"> | undefined, kept: Known): BoxFacts {
  const { now } = kept;
  const { id, name, owner, desired, createdAt, lastUsedAt, lastUsedBy } = box;
  const state = boxState(box.phase, container?.state);
  const seen = state === "running" ? seenOf(id, kept.seen) : NOT_RUNNING;
  const { hold, heldUntil } = heldFacts(kept.holds.get(id) ?? [], kept.judge);
  // What its owner before this one was told, this one does not know.
  const notices = (kept.notices.get(id) ?? []).filter((notice) => notice.owner === owner);
  const stoppedAt = state === "stopped" || state === "gone" ? box.stoppedAt : undefined;
  return {
    ...{ id, name, owner, state, desired, createdAt, stoppedAt, heldUntil },
    busy: kept.busy.has(id),
    lastActivity: later(
      lastUsedAt === undefined ? undefined : { at: lastUsedAt, by: lastUsedBy ?? "unknown" },
      seen.last,
    ),
    observation: seen.observation,
    inUse: seen.inUse,
    hold: longest([hold, seen.hold === undefined || seen.hold.until <= now ? undefined : seen.hold]),
    schedule: kept.schedules.get(id),
    notices: notices.flatMap((notice) => noticeFacts(notice)),
    devicesLeaving: kept.leaving.get(id)?.length ?? 0,
    archiveProblem: notices.findLast(({ kind, createdAt: at }) => kind === "trouble" && at >= (stoppedAt ?? now))
      ?.subject,
  };
}

/** A look counts although nobody wrote it down. */
function later(one: LastActivity | undefined, other: LastActivity | undefined): LastActivity | undefined {
  return one === undefined || (other !== undefined && other.at > one.at) ? other : one;
}

const NOT_RUNNING: Seen = { observation: "none", inUse: undefined, hold: undefined };

function seenOf(id: string, sight: Sight): Seen {
  if (sight === "as-last-seen") return { ...NOT_RUNNING, observation: "fresh" };
  return sight.get(id) ?? { ...NOT_RUNNING, observation: "failed" };
}

/** A warning as the decision needs it; what only tells of something done is none. */
function noticeFacts({ kind, stage, since, createdAt, deliveries }: NoticeRecord): NoticeFacts[] {
  if (kind !== "stop" && kind !== "destroy") return [];
  const delivered = deliveries.map(({ deliveredAt }) => deliveredAt).filter((at) => at !== undefined);
  const tried = deliveries.filter(({ problem }) => problem !== undefined);
  const last = tried.toSorted((a, b) => (a.triedAt ?? 0) - (b.triedAt ?? 0)).at(-1);
  const deliveredAt = delivered.length === 0 ? undefined : Math.min(...delivered);
  return [
    {
      kind,
      stage,
      since,
      sentAt: createdAt,
      deliveredAt,
      problem: deliveredAt === undefined ? last?.problem : undefined,
    },
  ];
}
