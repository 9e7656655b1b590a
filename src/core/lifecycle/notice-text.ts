import { count, printable } from "../text.ts";
import { DAY, type Millis, roughly, spanText } from "../time.ts";
import type { NoticeKind, NoticeStage } from "./facts.ts";

/** What is told to a person; plain and printable, without secrets. */
export interface NoticeWords {
  /** One line; it says what matters. */
  readonly subject: string;
  readonly body: string;
}

/** In which words times are said. */
export interface Told {
  readonly now: Millis;
  /** IANA name of the zone that people of this host think in. */
  readonly zone: string;
  /** Name of the host. */
  readonly host: string;
}

/** Most lines of work that was never pushed; the first say enough. */
const MOST_UNPUSHED = 20;
/** Longest of them, in characters: names of folders and branches are anybody's. */
const LINE_LIMIT = 200;

/** A moment as a calendar and a clock on the wall have it: `Tue 24 Nov 2026, 09:14 CET`. */
export function wallTime(at: Millis, zone: string): string {
  const options = { weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" } as const;
  const parts = new Intl.DateTimeFormat("en-GB", { ...options, ...clock, timeZone: zone }).formatToParts(at);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  const date = `${part("weekday")} ${part("day")} ${part("month")} ${part("year")}`;
  return `${date}, ${part("hour")}:${part("minute")} ${part("timeZoneName")}`;
}

/** What will happen to a box, in one line: `web is stopped on Tue 24 Nov 2026, 09:14 CET unless it is used`. */
export function willHappen(box: string, kind: NoticeKind, at: Millis, zone: string): string {
  const what = kind === "stop" ? "stopped" : "destroyed";
  return `${box} is ${what} on ${wallTime(at, zone)} unless it is ${kind === "stop" ? "used" : "started"}`;
}

/** A box that is going to be stopped or destroyed. */
export interface Warning {
  readonly box: string;
  readonly kind: NoticeKind;
  readonly stage: NoticeStage;
  /** Since when it is not used, or does not run. */
  readonly since: Millis;
  readonly deadline: Millis;
  /** How long its archive is kept, null: until somebody removes it; undefined: there will be none. */
  readonly archiveKept: Millis | null | undefined;
  /** Git work in it that was never pushed, a line each. */
  readonly unpushed: readonly string[];
}

/** What the owner of a box is told before it is stopped or destroyed. FR-036 */
export function warningText(warning: Warning, told: Told): NoticeWords {
  const { box, kind, stage, since, deadline } = warning;
  const { now, zone, host } = told;
  const subject = willHappen(box, kind, deadline, zone);
  const span = deadline > now ? `in ${roughly(deadline - now)}` : "now";
  const state = kind === "stop" ? "has not been used since" : "has been stopped since";
  const happens = kind === "stop" ? "It is stopped on" : "It is destroyed on";
  const rescue = kind === "stop" ? "used" : "started";
  return {
    subject: stage === "reminder" ? `Reminder: ${subject}` : subject,
    body: text([
      [`Your box ${box} on ${host} ${state} ${wallTime(since, zone)}.`],
      [`${happens} ${wallTime(deadline, zone)} (${span}), unless it is ${rescue} before.`],
      kind === "stop" ? ["What runs in it ends then. Its home stays."] : archivedLines(box, warning.archiveKept),
      kind === "destroy" ? unpushedLines(warning.unpushed) : [],
      kind === "stop"
        ? ["To keep it running, use it, or:", `  devbox-ctl hold ${box} --for 3d`]
        : ["To keep it:", `  devbox-ctl start ${box}`, `  devbox-ctl hold ${box} --for 3d`],
      ["Why, and what is next:", `  devbox-ctl why ${box}`],
    ]),
  };
}

/**
 * The same warning when it could not be delivered in time: what it warns of is put off, so it must not say the old time.
 * @param deadline when it happens now, at the earliest
 */
export function lateWarning(words: NoticeWords, subject: string, deadline: string): NoticeWords {
  return {
    subject,
    body: text([
      [
        "This could not be delivered before, so what it warns of was put off.",
        `It happens on ${deadline} at the earliest, whatever time is said below.`,
      ],
      [words.body.trimEnd()],
    ]),
  };
}

/** What an owner is told after their box was stopped by itself. */
export function stoppedText(box: string, reason: "idle" | "schedule", at: Millis, told: Told): NoticeWords {
  const why = reason === "idle" ? "nobody used it" : "its schedule says so";
  return {
    subject: `${box} was stopped: ${why}`,
    body: text([
      [`Your box ${box} on ${told.host} was stopped on ${wallTime(at, told.zone)}, because ${why}.`],
      ["Its home is as it was. It comes back with:", `  devbox-ctl start ${box}`],
    ]),
  };
}

export interface Destroyed {
  readonly box: string;
  readonly at: Millis;
  readonly archive: { readonly id: string; readonly expiresAt: Millis | undefined } | undefined;
  readonly unpushed: readonly string[];
}

/** What an owner is told after their box was destroyed by itself. */
export function destroyedText({ box, at, archive, unpushed }: Destroyed, { zone, host }: Told): NoticeWords {
  const until =
    archive?.expiresAt === undefined ? "until somebody removes it" : `until ${wallTime(archive.expiresAt, zone)}`;
  const home =
    archive === undefined
      ? ["Its home was not put into an archive."]
      : [
          `Its home is in the archive ${archive.id}, which is kept ${until}. It comes back with:`,
          `  devbox-ctl restore ${box}`,
        ];
  return {
    subject: archive === undefined ? `${box} was destroyed` : `${box} was destroyed, its home is archived`,
    body: text([
      [`Your box ${box} on ${host} was destroyed on ${wallTime(at, zone)}: nobody started it for too long.`],
      home,
      unpushedLines(unpushed),
    ]),
  };
}

/** What an owner is told when something cannot be done that should be. */
export function troubleText(box: string, what: string, why: string | undefined, { host }: Told): NoticeWords {
  return {
    subject: `${box}: ${printable(what)}`,
    body: text([
      [`Your box ${box} on ${host}: ${printable(what)}.`],
      why === undefined ? [] : ["Why:", ...why.split("\n", MOST_UNPUSHED).map((line) => `  ${bounded(line)}`)],
      ["An administrator of the host sees the same. How it is now:", `  devbox-ctl why ${box}`],
    ]),
  };
}

/** What `notify test` sends. */
export function testText(user: string, { now, zone, host }: Told): NoticeWords {
  return {
    subject: `This is a test from ${host}`,
    body: text([
      [`devbox-ctl on ${host} tells ${user} about their boxes by this way.`],
      [`It was tried on ${wallTime(now, zone)}. Nothing is to be done.`],
    ]),
  };
}

function archivedLines(box: string, kept: Millis | null | undefined): string[] {
  if (kept === undefined) return ["Its home goes with it for good."];
  const days = kept !== null && kept % DAY === 0 ? count(kept / DAY, "day") : undefined;
  const long = kept === null ? "until somebody removes it" : `for ${days ?? spanText(kept)}`;
  return [`Its home is put into an archive first, which is kept ${long}. After that:`, `  devbox-ctl restore ${box}`];
}

function unpushedLines(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - MOST_UNPUSHED;
  return [
    "In its workspace is work that was never pushed:",
    ...lines.slice(0, MOST_UNPUSHED).map((line) => `  ${bounded(line)}`),
    ...(more > 0 ? [`  … and ${String(more)} more`] : []),
  ];
}

function bounded(line: string): string {
  const clean = printable(line);
  return clean.length > LINE_LIMIT ? `${clean.slice(0, LINE_LIMIT)}…` : clean;
}

/** Paragraphs with an empty line between them. */
function text(paragraphs: readonly (readonly string[])[]): string {
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}
