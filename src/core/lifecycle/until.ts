import { DevboxError } from "../errors.ts";
import { clipped, quote } from "../text.ts";
import { parseDuration, spanText, type Millis } from "../time.ts";
import { momentText } from "./moment-text.ts";
import { inCalendar, momentAt } from "./zone.ts";

/** How long a box is to be held, as it was typed; neither: as long as may be. */
export interface HoldSpan {
  readonly for: string | undefined;
  readonly until: string | undefined;
}

/** What a span is measured against. */
export interface HoldBounds {
  readonly now: Millis;
  /** Zone of times that name none. */
  readonly zone: string;
  /** Longest time that a hold lasts, in milliseconds. */
  readonly most: Millis;
}

/**
 * When a hold that is asked for ends.
 * @throws {DevboxError} USAGE for what is no time, or past; LIMIT_HOLD for one that would last too long
 */
export function holdEnd(span: HoldSpan, bounds: HoldBounds): Millis {
  const { now, zone, most } = bounds;
  const until = wished(span, bounds);
  if (until - now <= most) return inCalendar(until);
  const longest = spanText(most);
  throw new DevboxError(
    "LIMIT_HOLD",
    `a hold lasts ${longest} at most here, which is until ${momentText(now + most, zone, now)}.`,
    {
      why: `${typed(span)} is longer than lifecycle.maxHold of this host's configuration, which binds administrators, too.`,
      next: [`Say --for ${longest}, and hold it again later`],
    },
  );
}

function typed({ for: span, until }: HoldSpan): string {
  return span === undefined ? `--until ${clipped(until ?? "")}` : `--for ${clipped(span)}`;
}

function wished(span: HoldSpan, { now, zone, most }: HoldBounds): Millis {
  if (span.for !== undefined) return now + spanOf(span.for);
  if (span.until === undefined) return now + most;
  const until = momentOf(span.until, zone, "--until");
  if (until > now) return until;
  throw new DevboxError("USAGE", `--until ${quote(span.until)} is past.`, {
    why: `It is ${momentText(now, zone, now)} (${zone}), and a hold ends by then.`,
    next: ["Give a time to come, or a span: --for 3d"],
  });
}

function spanOf(text: string): Millis {
  const span = parseDuration(text);
  if (span !== undefined && span > 0) return span;
  throw new DevboxError("USAGE", `--for ${quote(text)} is no span of time.`, {
    why: "A span is a number above 0 with a unit: m, h or d.",
    next: ["For example: --for 3d", "Or name the end: --until 2026-12-01"],
  });
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/;
const WITH_ZONE = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * The moment that a person names: RFC 3339, or a day or a time of a zone.
 * @param flag what it was given for
 * @throws {DevboxError} USAGE
 */
export function momentOf(text: string, zone: string, flag: string): Millis {
  if (WITH_ZONE.test(text)) {
    const at = Date.parse(text.toUpperCase().replace(" ", "T"));
    if (!Number.isNaN(at)) return at;
  }
  const local = localOf(text);
  if (local !== undefined) return momentAt(local, zone);
  throw new DevboxError("USAGE", `${flag} ${quote(text)} is no time.`, {
    why: `A time is a day, a day and what the clock shows then (${zone}), or RFC 3339.`,
    next: [`For example: ${flag} 2026-12-01`, `Or ${flag} "2026-12-01 18:00", or ${flag} 2026-12-01T18:00:00+01:00`],
  });
}

/** What calendar and clock show then, as if it were UTC; undefined for what no calendar has. */
function localOf(text: string): Millis | undefined {
  const [, ...parts] = DATE.exec(text) ?? [];
  if (parts.length === 0) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part: string | undefined) =>
    Number(part ?? 0),
  );
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  // 31 April is taken for 1 May, and 24:00 for the next day, which nobody means.
  const isReal = new Date(local).toISOString().startsWith(text.replace(" ", "T"));
  return isReal ? local : undefined;
}
