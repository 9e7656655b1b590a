import { DAY, SECOND, type Millis } from "../time.ts";

/** Longest name of a time zone that is looked at, in characters; the longest there is has 32. */
const NAME_LIMIT = 64;

/** The last moment that a calendar has in all zones. */
const LAST: Millis = 8.64e15 - 2 * DAY;

/** A moment, or the last that there is for one after it: spans that are configured have no end. */
export function inCalendar(at: Millis): Millis {
  return Math.min(at, LAST);
}

/** Making one takes longer than asking it a thousand times. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The name of a time zone as the zone database writes it, or undefined for what is none; offsets are none. */
export function zoneName(text: string): string | undefined {
  if (text.length > NAME_LIMIT || !/^[A-Za-z]/.test(text)) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** How far a zone's clocks are ahead of UTC at a moment, in milliseconds; whole seconds are told apart. */
export function offsetAt(at: Millis, zone: string): Millis {
  const parts = new Map(
    formatFor(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - Math.floor(at / SECOND) * SECOND;
}

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const numeric = "numeric" as const;
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone: zone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23" },
    ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
  });
  formats.set(zone, format);
  return format;
}

/**
 * The moment at which a zone's clocks show a time. Of one that they show twice it is the first; one that they jump
 * over is the moment of the jump. A later time is never an earlier moment.
 * @param local that time as if it were one of UTC
 */
export function momentAt(local: Millis, zone: string): Millis {
  // Clocks are set at most once in two days.
  const offsets = [offsetAt(local - DAY, zone), offsetAt(local + DAY, zone)];
  const moments = offsets.map((offset) => local - offset);
  const shown = moments.filter((at) => at + offsetAt(at, zone) === local);
  return shown.length > 0 ? Math.min(...shown) : jumpBetween(Math.min(...moments), Math.max(...moments), zone);
}

/** When clocks are set between two moments, to the second. */
function jumpBetween(before: Millis, after: Millis, zone: string): Millis {
  const old = offsetAt(before, zone);
  let [low, high] = [before, after];
  while (high - low > SECOND) {
    const middle = low + Math.floor((high - low) / 2 / SECOND) * SECOND;
    if (offsetAt(middle, zone) === old) low = middle;
    else high = middle;
  }
  return high;
}
