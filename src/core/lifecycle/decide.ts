import { HOUR, MINUTE, type Millis } from "../time.ts";
import { CLOCK_TOLERANCE } from "./clock.ts";
import { approach, foreseen, type Approach } from "./approach.ts";
import type { BoxFacts, Decision, LifecyclePolicy, NoticeKind, Reason } from "./facts.ts";

/** How long a box has to be quiet until its schedule stops it. */
export const QUIET: Millis = 15 * MINUTE;

/** Use that is no longer ago is said to be use at the moment. */
const RECENT: Millis = HOUR;

/**
 * What is to become of a box, and why. Total: whatever is not known keeps the box as it is.
 * At exactly the moment that something is due it is done, and not one millisecond before.
 * @param box all times by the clock that `now` is of
 */
export function decide(box: BoxFacts, policy: LifecyclePolicy, now: Millis): Decision {
  const decision = ofState(box, policy, now);
  return isEligibleForCleanup(box, decision)
    ? { ...decision, action: "retry-cleanup", reason: "device-left" }
    : decision;
}

/** A device is seen to when nothing else is due; not while a command is at work on the box, which may be the one that does it. */
function isEligibleForCleanup(box: BoxFacts, { action, reason }: Decision): boolean {
  return box.devicesLeaving > 0 && action === "none" && reason !== "busy";
}

function ofState(box: BoxFacts, policy: LifecyclePolicy, now: Millis): Decision {
  if (box.busy) return none("busy");
  switch (box.state) {
    case "creating":
    case "destroying":
      return none("busy");
    // With no command at work: the engine left it so, and does not go on by itself.
    case "starting":
    case "stopping":
    case "paused":
    case "unknown":
    case "unregistered":
      return none("state-unclear");
    case "running":
      return ofRunning(box, policy, now);
    case "stopped":
    case "gone":
      return ofStopped(box, policy, now);
  }
}

function ofRunning(box: BoxFacts, policy: LifecyclePolicy, now: Millis): Decision {
  const { lastActivity, createdAt } = box;
  if (isHeld(box, now)) return held(box, policy, "stop");
  if (box.observation !== "fresh") return none("not-observed");
  const since = latest([lastActivity?.at, createdAt, ...heldUntil(box)]);
  if (since === undefined) return none("no-history");
  if (since > now + CLOCK_TOLERANCE) return none("clock-ahead");
  const quietAt = Math.min(since, now) + QUIET;
  if (isDue(box, "stop", now)) {
    if (box.inUse === undefined && now >= quietAt) return bySchedule("stop");
    return { ...none("in-use"), next: "stop", at: box.inUse === undefined ? quietAt : undefined };
  }
  return withSchedule(ofIdle(box, policy, Math.min(since, now), now), box.schedule?.nextStop, "stop", quietAt);
}

/** What its idle time alone says of a running box. */
function ofIdle(box: BoxFacts, policy: LifecyclePolicy, since: Millis, now: Millis): Decision {
  if (box.inUse !== undefined) return { ...none("in-use"), counts: "nothing" };
  if (policy.stopAfterIdle === null) return { ...none("never-by-policy"), counts: "nothing" };
  const decision = approach(box, { kind: "stop", since, span: policy.stopAfterIdle }, policy, now);
  const isRecent = box.lastActivity !== undefined && now - box.lastActivity.at < RECENT;
  return decision.reason === "within-grace" && isRecent ? { ...decision, reason: "in-use" } : decision;
}

function ofStopped(box: BoxFacts, policy: LifecyclePolicy, now: Millis): Decision {
  if (isHeld(box, now)) return held(box, policy, "destroy");
  if (isDue(box, "start", now) && isEligibleForStart(box, policy, now)) return bySchedule("start");
  const decision = ofStop(box, policy, now);
  const { nextStart } = box.schedule ?? {};
  const isStarted = nextStart !== undefined && isEligibleForStart(box, policy, nextStart);
  return withSchedule(decision, isStarted ? nextStart : undefined, "start", now);
}

/** What the time since it stopped alone says of a stopped box. */
function ofStop(box: BoxFacts, policy: LifecyclePolicy, now: Millis): Decision {
  if (latest([box.stoppedAt]) === undefined) return none("no-history");
  const since = latest([box.stoppedAt, ...heldUntil(box)]) ?? Number.NaN;
  if (since > now + CLOCK_TOLERANCE) return none("clock-ahead");
  if (policy.destroyAfterStopped === null) return { ...none("never-by-policy"), counts: "nothing" };
  const run: Approach = { kind: "destroy", since: Math.min(since, now), span: policy.destroyAfterStopped };
  return approach(box, run, policy, now);
}

/** A hold lasts until it is over for certain. */
function isHeld({ hold }: BoxFacts, now: Millis): boolean {
  return hold !== undefined && !(now >= hold.until);
}

/** Moments at which holds that are over ended. */
const heldUntil = (box: BoxFacts): (Millis | undefined)[] => [box.heldUntil, box.hold?.until];

/** A held box; what follows is counted from the end of its hold. */
function held(box: BoxFacts, policy: LifecyclePolicy, kind: NoticeKind): Decision {
  const kept: Decision = { ...none("held"), counts: "nothing" };
  const until = latest(heldUntil(box));
  const span = kind === "stop" ? policy.stopAfterIdle : policy.destroyAfterStopped;
  // What its schedule will have to say at the end of the hold is not in the facts.
  if (span === null || until === undefined || box.schedule !== undefined) return kept;
  const { at, next } = foreseen({ kind, since: until, span }, policy, until);
  return { ...kept, at, next };
}

/** A moment of the schedule has come that nothing was done about. */
function isDue({ schedule }: BoxFacts, action: "start" | "stop", now: Millis): boolean {
  // A clock at the epoch says nothing.
  return now > 0 && schedule?.due?.action === action && now >= schedule.due.at;
}

/** A box that nobody uses is not started by its schedule again and again: it would never be destroyed. */
function isEligibleForStart(box: BoxFacts, { stopAfterIdle }: LifecyclePolicy, at: Millis): boolean {
  if (box.state !== "stopped") return false;
  const usedAt = latest([box.lastActivity?.at, box.createdAt]);
  return stopAfterIdle === null || (usedAt !== undefined && at - usedAt <= stopAfterIdle);
}

/** What comes first: what was foreseen without the schedule, or its next moment. */
function withSchedule(
  decision: Decision,
  moment: Millis | undefined,
  next: "start" | "stop",
  notBefore: Millis,
): Decision {
  // With a notice, `at` is what the notice is about.
  if (decision.action !== "none" || moment === undefined) return decision;
  const at = Math.max(moment, notBefore);
  return decision.at === undefined || at < decision.at ? { ...decision, at, next } : decision;
}

const bySchedule = (action: "start" | "stop"): Decision => ({ ...none("schedule"), action });

const none = (reason: Reason): Decision => ({
  action: "none",
  reason,
  counts: "unknown",
  at: undefined,
  next: undefined,
  notice: undefined,
});

/** The latest of the moments that are known; a box cannot be older than the epoch. */
function latest(times: readonly (Millis | undefined)[]): Millis | undefined {
  const known = times.filter((time) => time !== undefined && time > 0);
  return known.length === 0 ? undefined : Math.max(...(known as Millis[]));
}

/**
 * Whether what somebody was told is void: the box was used or held meanwhile, stopped otherwise, or its policy is another.
 * @param notice of kind `stop` or `destroy`
 */
export function isVoid(notice: { readonly kind: NoticeKind; readonly since: Millis }, { counts }: Decision): boolean {
  if (counts === "unknown") return false;
  return counts === "nothing" || counts.kind !== notice.kind || counts.since !== notice.since;
}
