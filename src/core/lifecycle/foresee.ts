import type { Millis } from "../time.ts";
import { noticeFrom } from "./approach.ts";
import { decide } from "./decide.ts";
import type { BoxFacts, Decision, LifecyclePolicy } from "./facts.ts";

/**
 * What would be decided about a box at a moment to come, if nothing changes until then but that notices which fall due
 * before are delivered at once. One that was sent already and reached nobody stays so.
 * @param box what is true at that moment
 */
export function decideAt(
  box: BoxFacts,
  policy: LifecyclePolicy,
  { now, at }: { readonly now: Millis; readonly at: Millis },
): Decision {
  const decision = decide(box, policy, at);
  const { notice } = decision;
  if (notice === undefined) return decision;
  const sentAt = Math.max(now, fallsDue(decision, notice, policy));
  if (!(sentAt < at)) return decision;
  const told = { ...notice, sentAt, deliveredAt: sentAt, problem: undefined };
  // Each notice comes once: the first, then the reminder.
  return decideAt({ ...box, notices: [...box.notices, told] }, policy, { now: sentAt, at });
}

/** When a notice is sent at the earliest. */
function fallsDue(
  { at }: Decision,
  { kind, stage, since }: NonNullable<Decision["notice"]>,
  policy: LifecyclePolicy,
): Millis {
  if (stage === "reminder") return (at ?? Number.NaN) - (policy.reminder ?? 0);
  const span = kind === "stop" ? policy.stopAfterIdle : policy.destroyAfterStopped;
  return span === null ? Number.NaN : noticeFrom({ kind, since, span }, policy);
}
