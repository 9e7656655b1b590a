import { count, quote } from "../text.ts";
import { ago, DAY, HOUR, roughly, type Millis } from "../time.ts";
import { QUIET } from "./decide.ts";
import type { BoxFacts, Decision, Hold, LifecyclePolicy } from "./facts.ts";
import { dayText, momentText, soonText, type Shown } from "./moment-text.ts";

/** What is decided about a box, as far as it is put into words. */
export interface Decided {
  readonly facts: BoxFacts;
  readonly decision: Decision;
}

/** Why a decision was taken, in a few words without a full stop: for a line of a table, or after a colon. */
export function reasonText({ facts, decision }: Decided, shown: Shown): string {
  switch (decision.reason) {
    case "in-use":
      return inUseText(facts, shown.now);
    case "held":
      return facts.hold === undefined ? "it is held" : holdText(facts.hold, shown);
    case "busy":
      return facts.busy ? "a command is at work on it" : `it is ${facts.state}`;
    case "state-unclear":
      return UNCLEAR.get(facts.state) ?? "nobody can say what it is";
    case "not-observed":
      return "it could not be looked at, so nobody knows whether it is in use";
    case "no-history":
      return facts.state === "running"
        ? "nothing is known of its use"
        : "since when it does not run is not known; the reaper counts from its next run";
    case "clock-ahead":
      return "its times lie ahead of this host's clock";
    case "never-by-policy":
      return facts.state === "running" ? "by its policy it is never stopped" : "by its policy it is never destroyed";
    case "notice-not-delivered":
      return `${undeliveredText(facts, decision)}; it is put off until somebody is told`;
    case "notice-running":
      return `its owner was told${at(decision, shown)}`;
    case "within-grace":
    case "idle":
    case "stopped-long":
      return `${quietText(facts, shown.now)}${at(decision, shown)}`;
    case "schedule":
      return `its schedule says so${facts.schedule?.due === undefined ? "" : ` (${soonText(facts.schedule.due.at, shown.zone, shown.now)})`}`;
    case "device-left":
      return `${count(facts.devicesLeaving, "device")} of it ${facts.devicesLeaving === 1 ? "has" : "have"} to leave the tailnet`;
  }
}

/** States in which a box is left alone, and which somebody has to end. */
const UNCLEAR: ReadonlyMap<BoxFacts["state"], string> = new Map([
  ["paused", "it is paused"],
  ["starting", "it is between its states, and no command is at work on it"],
  ["stopping", "it was not stopped to the end, and no command is at work on it"],
]);

/** A hold: `held until 22 Nov 18:00 (by bob: "night run")`. */
export function holdText({ until, by, reason }: Hold, { zone, now }: Shown): string {
  const why = reason === "" ? "" : `: ${quote(reason)}`;
  return `held until ${momentText(until, zone, now)} (by ${by}${why})`;
}

function inUseText({ inUse, lastActivity, schedule }: BoxFacts, now: Millis): string {
  const used = lastActivity === undefined ? "" : `${lastActivity.by}, ${ago(lastActivity.at, now)}`;
  const waits = schedule?.due?.action === "stop" ? "; its schedule stops it when it is not" : "";
  return `in use: ${inUse ?? used}${waits}`;
}

/** How long nobody used a box, or how long it is stopped. */
function quietText({ state, lastActivity, createdAt, stoppedAt }: BoxFacts, now: Millis): string {
  if (state === "running") return `not used for ${roughly(now - (lastActivity?.at ?? createdAt))}`;
  return stoppedAt === undefined ? state : `stopped for ${roughly(now - stoppedAt)}`;
}

function undeliveredText({ notices }: BoxFacts, { counts }: Decision): string {
  const since = typeof counts === "string" ? undefined : counts.since;
  const problem = notices.findLast((notice) => notice.since === since && notice.problem !== undefined)?.problem;
  return `the notice is not delivered${problem === undefined ? "" : ` (${problem})`}`;
}

const DONE = { stop: "stopped", destroy: "destroyed", start: "started" } as const;
const DOES = { stop: "stops", destroy: "destroyed", start: "starts" } as const;

function at({ at: when, next, action }: Decision, { now }: Shown): string {
  // What is done now is said by the action, also after it was done.
  if (when === undefined || next === undefined || action === "stop" || action === "destroy") return "";
  return when <= now ? `; ${DONE[next]} at the next run` : `; ${DONE[next]} in ${left(when - now)}`;
}

/** Whether what is foreseen is a moment of its schedule, which waits until the box is quiet, and no span that runs out. */
export function isBySchedule({ facts: { schedule }, decision }: Decided): boolean {
  const { reason, next, at: when } = decision;
  if (reason === "schedule" || next === "start") return true;
  if (next !== "stop" || when === undefined || schedule === undefined) return false;
  if (schedule.due?.action === "stop") return true;
  return schedule.nextStop !== undefined && when >= schedule.nextStop && when <= schedule.nextStop + QUIET;
}

/** What comes next, for a column of a list: `stops in 5 days`; undefined when there is nothing that one has to know. */
export function nextText(decided: Decided, { now, zone }: Shown): string | undefined {
  const { facts, decision } = decided;
  if (decision.reason === "held" && facts.hold !== undefined) {
    const { until } = facts.hold;
    return `held until ${until - now < DAY ? soonText(until, zone, now) : dayText(until, zone, now)}`;
  }
  if (decision.reason === "notice-not-delivered") return "waits for a notice";
  if (decision.reason === "not-observed") return "could not be looked at";
  const { at: when, next, action } = decision;
  if (action === "start" || action === "stop" || action === "destroy") return `${DOES[action]} at the next run`;
  if (when === undefined || next === undefined) return undefined;
  if (isBySchedule(decided)) return `${DOES[next]} ${soonText(when, zone, now)}`;
  if (decision.reason === "in-use") return undefined;
  const span = when <= now ? "at the next run" : `in ${left(when - now)}`;
  return `${DOES[next]} ${span}${next === "destroy" ? " unless started" : ""}`;
}

/** How long it is until something; what was 14 days a minute ago is not called 13. */
function left(length: Millis): string {
  return roughly(length + Math.min(HOUR, length / 48));
}

/** What a policy means for a box, in one sentence: for whoever has just made it. */
export function policySentence({ stopAfterIdle, destroyAfterStopped }: LifecyclePolicy): string {
  const told = "you will be told before.";
  if (stopAfterIdle === null) {
    if (destroyAfterStopped === null) return "It is neither stopped nor destroyed by itself.";
    return `It is not stopped by itself; ${span(destroyAfterStopped)} after you stop it, it is destroyed, and ${told}`;
  }
  const stops = `It stops after ${span(stopAfterIdle)} without use`;
  if (destroyAfterStopped === null) return `${stops}, and is never destroyed by itself; ${told}`;
  return `${stops}, and is destroyed ${span(destroyAfterStopped)} after that; ${told}`;
}

/** A policy's span for a person: `7 days`, `1 day`, `36 h`. */
export function span(length: Millis): string {
  return length % DAY === 0 ? count(length / DAY, "day") : roughly(length);
}
