import type { BoxRecord } from "../../core/box.ts";
import type { Seen } from "../../core/lifecycle/activity.ts";
import { decide } from "../../core/lifecycle/decide.ts";
import type { BoxFacts, Decision, LifecyclePolicy } from "../../core/lifecycle/facts.ts";
import { policyFor } from "../../core/lifecycle/policy.ts";
import type { Millis } from "../../core/time.ts";
import type { EngineBox } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";
import { settleClock } from "../lifecycle/clock.ts";
import { gather } from "../lifecycle/gather.ts";
import { observe } from "../lifecycle/observe.ts";
import { asLastSeen, keepUnseen } from "../lifecycle/unseen.ts";
import { withStops } from "./stopped.ts";

/** A box, all that is known of it, and what is to become of it. */
export interface Judged {
  readonly box: BoxRecord;
  readonly containerId: string | undefined;
  readonly facts: BoxFacts;
  readonly policy: LifecyclePolicy;
  readonly seen: Seen | undefined;
  readonly decision: Decision;
  /** The moment for which it was decided. */
  readonly now: Millis;
}

export interface SurveyInput {
  /** These boxes alone. */
  readonly ids?: ReadonlySet<string> | undefined;
  /** Keep what is seen; without it nothing at all is changed. */
  readonly write: boolean;
  /** `as-last-seen`: no box is looked into. */
  readonly sight?: "fresh" | "as-last-seen";
  /** What is true then if nothing changes; now when left out. */
  readonly at?: Millis | undefined;
}

/**
 * Looks at boxes and decides about each: one listing by the engine, one look into each that runs, and a handful of
 * questions to the ledger.
 * @throws {DevboxError} the ENGINE_ codes; what fails with one box is in its facts
 */
export async function survey(deps: Deps, { ids, write, sight = "fresh", at }: SurveyInput): Promise<Judged[]> {
  const listed = await deps.engine.boxes();
  const records = deps.ledger.boxes().filter(({ id }) => ids?.has(id) ?? true);
  const containers = containersOf(records, listed);
  const boxes = withStops(deps, records, containers, { now: deps.clock.now(), write });
  const running = boxes.flatMap((box) => {
    const container = containers.get(box.id);
    return box.phase === "ready" && container?.state === "running" ? [{ box, containerId: container.containerId }] : [];
  });
  const isFresh = sight === "fresh";
  const seen = isFresh ? await observe(deps, running, { write }) : asLastSeen(deps, boxes);
  if (isFresh && write) keepUnseen(deps, boxes, new Set(running.map(({ box }) => box.id)), seen);
  // The clock may have been set while it was looked; what is decided is decided by one setting.
  if (write) settleClock(deps);
  const now = at ?? deps.clock.now();
  // Looking takes a while, in which boxes may be used, and changes what the ledger knows.
  const current = new Map(deps.ledger.boxes().map((box) => [box.id, box]));
  const still = boxes.flatMap((box) => {
    const record = current.get(box.id);
    return record === undefined ? [] : [write ? record : { ...record, stoppedAt: box.stoppedAt }];
  });
  const policies = deps.ledger.policies();
  return (await gather(deps, still, { containers, seen, now })).flatMap((facts) => {
    const box = current.get(facts.id);
    if (box === undefined) return [];
    const policy = policyFor(deps.config, box.owner, policies.get(box.id));
    const { containerId } = containers.get(box.id) ?? {};
    const decision = decide(facts, policy, now);
    return [{ box, containerId, facts, policy, seen: isFresh ? seen.get(box.id) : undefined, decision, now }];
  });
}

/** The container of each box: of several that carry its id, which a rebuild leaves for a while, the recorded one. */
function containersOf(boxes: readonly BoxRecord[], listed: readonly EngineBox[]): ReadonlyMap<string, EngineBox> {
  const own = new Map(boxes.map(({ id, containerId }) => [id, containerId]));
  const found = new Map<string, EngineBox>();
  for (const container of listed) {
    const { id } = container.identity;
    if (own.has(id) && (!found.has(id) || own.get(id) === container.containerId)) found.set(id, container);
  }
  return found;
}
