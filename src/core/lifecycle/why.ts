import { formatSize } from "../size.ts";
import { ago, type Millis } from "../time.ts";
import type { Signal } from "./activity.ts";
import type { LifecyclePolicy } from "./facts.ts";
import { momentText, soonText, type Shown } from "./moment-text.ts";
import type { ScheduleRecord } from "./records.ts";
import { type Decided, holdText, isBySchedule, reasonText, span } from "./sentences.ts";
import { AT_COMMAND, type ToldNotice } from "./told.ts";

/** Everything that `why` tells of a box. */
export interface Why extends Decided {
  readonly policy: LifecyclePolicy;
  /** Since when it is what it is, and who made it so; undefined when that is not known. */
  readonly stateSince: { readonly at: Millis; readonly by: string | undefined } | undefined;
  /** Why it could not be looked at just now; what is decided then is by what was seen last. */
  readonly problem: string | undefined;
  /** What was seen just now, the newest first. */
  readonly signals: readonly Signal[];
  readonly schedule: ScheduleRecord | undefined;
  /** What the owner was told of what comes next, and will be. */
  readonly told: readonly ToldNotice[];
  /** Git work in it that was never pushed, a line each, as it was found last. */
  readonly unpushed: readonly string[];
  /** Bytes. */
  readonly homeSize: number | undefined;
  /** How long an archive of its home is kept; null: until somebody removes it. */
  readonly archiveKept: Millis | null;
}

/** To whom it is told. */
export interface Reader extends Shown {
  /** The user who asks. */
  readonly you: string;
}

/** Most signs of use that are told; the first are the newest. */
const MOST_SIGNALS = 5;

/** Why a box is as it is and what becomes of it: sentences, each a line. [X-02] */
export function whySentences(why: Why, reader: Reader): string[] {
  return [
    stateSentence(why, reader),
    ...useSentences(why, reader),
    ...holdSentences(why, reader),
    nextSentence(why, reader),
    ...toldSentences(why, reader),
    ...(why.unpushed.length === 0 ? [] : [`In its workspace: ${why.unpushed.join("; ")}.`]),
    ...scheduleSentences(why, reader),
    policyLine(why.policy),
  ];
}

function stateSentence({ facts, stateSince }: Why, { zone, now, you }: Reader): string {
  const { name, state, desired } = facts;
  if (state === "gone") return `${name} is gone: its container was removed by other hands. Its home is there.`;
  // Of a box that a command is at work on it is known since when it was what it is no more.
  const isSettled = state === "running" || state === "stopped";
  const since = stateSince === undefined || !isSettled ? "" : ` since ${momentText(stateSince.at, zone, now)}`;
  const crashed = state === "stopped" && desired === "running" ? "it ended by itself" : undefined;
  const who =
    stateSince?.by === undefined || !isSettled ? crashed : `by ${stateSince.by === you ? "you" : stateSince.by}`;
  return `${name} is ${state}${since}${who === undefined ? "" : ` (${who})`}.`;
}

function useSentences({ facts, signals, problem }: Why, { zone, now }: Reader): string[] {
  const { lastActivity, inUse } = facts;
  const signs = signals.slice(0, MOST_SIGNALS).map(({ words, at }) => `  ${words} (${ago(at, now)})`);
  return [
    lastActivity === undefined
      ? "Last use: none is known."
      : `Last use: ${momentText(lastActivity.at, zone, now)}, ${lastActivity.by}.`,
    ...(inUse === undefined ? [] : [`In use now: ${inUse}.`]),
    ...(signs.length === 0 ? [] : ["Seen just now:", ...signs]),
    ...(problem === undefined
      ? []
      : [`It could not be looked at just now (${problem}): the reaper leaves it alone until it can.`]),
  ];
}

function holdSentences({ facts: { hold } }: Why, shown: Shown): string[] {
  return hold === undefined ? [] : [`It is ${holdText(hold, shown)}.`];
}

function nextSentence(why: Why, shown: Shown): string {
  const { decision, problem } = why;
  const { at, next, action } = decision;
  const after = problem === undefined ? "Next" : "As it was last seen, next";
  if (action === "start" || action === "stop" || action === "destroy") {
    return `${after}: ${DONE[action]} at the reaper's next run: ${reasonText(why, shown)}.${homeSentence(why, action)}`;
  }
  if (at === undefined || next === undefined) return `${after}: nothing${nothingText(why, shown)}.`;
  return `${after}: ${foreseenText(why, { at, next }, shown)}${homeSentence(why, next)}`;
}

/** Why nothing is next; what it is in use by was said before. */
function nothingText(why: Why, shown: Shown): string {
  const { facts, decision } = why;
  if (decision.reason !== "in-use" || facts.inUse === undefined) return `: ${reasonText(why, shown)}`;
  const waits = decision.next === "stop" ? "; its schedule stops it when it is not" : "";
  return `, as long as it is used${waits}`;
}

const DONE = { stop: "stopped", destroy: "destroyed", start: "started" } as const;

function foreseenText(
  why: Why,
  { at, next }: { readonly at: Millis; readonly next: keyof typeof DONE },
  { zone, now }: Shown,
): string {
  const { reason } = why.decision;
  const done = `${DONE[next]} on ${momentText(at, zone, now)}`;
  if (isBySchedule(why))
    return `${done} by its schedule${next === "stop" ? "; if it is in use then, as soon as it is not" : ""}.`;
  const run = "at the reaper's next run after that";
  if (reason === "held") {
    return next === "stop" ? `${done} if nobody uses it after the hold.` : `${done} if it is not started until then.`;
  }
  if (next === "stop") return `${done} if nobody uses it until then, ${run}. Its home stays.`;
  return `${done}, ${run}.`;
}

/** What becomes of the home of a box that is destroyed. */
function homeSentence({ homeSize, archiveKept }: Why, next: string): string {
  if (next !== "destroy") return "";
  const size = homeSize === undefined ? "" : ` (${formatSize(homeSize)})`;
  const kept = archiveKept === null ? "kept until somebody removes it" : `kept ${span(archiveKept)}`;
  return ` Its home${size} is archived first and ${kept}.`;
}

function toldSentences({ facts, told }: Why, { zone, now, you }: Reader): string[] {
  if (told.length === 0) return [];
  const isYours = facts.owner === you;
  const whose = isYours ? "yours" : "theirs";
  const parts = told.map(({ at, state, by, problem }) => {
    const ways = by.map((way) => (way === AT_COMMAND ? `${way} of ${whose}` : way));
    const when = `${momentText(at, zone, now)}${ways.length === 0 ? "" : ` ${ways.join(", ")}`}`;
    switch (state) {
      case "delivered":
        return when;
      case "planned":
        return `${when} (planned)`;
      case "undelivered":
        return `${when} (not delivered${problem === undefined ? "" : `: ${problem}`})`;
    }
  });
  const isTold = told.some(({ state }) => state === "delivered");
  if (!isTold && told.some(({ state }) => state === "undelivered")) {
    return [`${isYours ? "You" : facts.owner} could not be told yet: ${parts.join(", ")}.`];
  }
  const who = isYours ? "You" : facts.owner;
  const verb = isTold ? (isYours ? "were" : "was") : isYours ? "are" : "is";
  return [`${who} ${verb} told: ${parts.join(", ")}.`];
}

function scheduleSentences({ facts, schedule }: Why, { now }: Shown): string[] {
  if (schedule === undefined) return [];
  const { start, stop, zone } = schedule;
  const part = (what: string, cron: string | undefined, at: Millis | undefined) =>
    cron === undefined ? [] : [`${what} "${cron}"${at === undefined ? "" : `, next ${soonText(at, zone, now)}`}`];
  const parts = [...part("start", start, facts.schedule?.nextStart), ...part("stop", stop, facts.schedule?.nextStop)];
  return [`Schedule (${zone}): ${parts.join(" · ")}.`];
}

function policyLine({ stopAfterIdle, destroyAfterStopped }: LifecyclePolicy): string {
  const stops = stopAfterIdle === null ? "never stopped by itself" : `stopped after ${span(stopAfterIdle)} without use`;
  const destroys =
    destroyAfterStopped === null ? "never destroyed by itself" : `destroyed after ${span(destroyAfterStopped)} stopped`;
  return `Policy: ${stops}, ${destroys}.`;
}
