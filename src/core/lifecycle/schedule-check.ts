import type { CronExpression } from "cron-parser";
import { DevboxError, messageOf } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { clipped, count, quote } from "../text.ts";
import { DAY, HOUR, MINUTE, roughly, type Millis } from "../time.ts";
import { weekdayText } from "./moment-text.ts";
import { parseCron, upcoming } from "./schedule.ts";
import { offsetAt, zoneName } from "./zone.ts";

/** What is asked for, as it was typed. */
export interface ScheduleWish {
  readonly start: string | undefined;
  readonly stop: string | undefined;
  /** As {@link checkZone} gives it. */
  readonly zone: string;
}

/** A schedule that fires more often than this wears a box out and tells nobody anything. */
const LEAST_APART = 30 * MINUTE;

/** Days in which every date comes that there is, with 29 February. */
const ALL_DATES = 4 * 366 + 366;

const FIELDS = "minute, hour, day of the month, month, day of the week";
const EXAMPLE = '"0 8 * * mon-fri" is 08:00 on working days';

/**
 * The name of a time zone as it is kept.
 * @throws {DevboxError} INVALID_SCHEDULE
 */
export function checkZone(text: string): string {
  const zone = zoneName(text);
  if (zone !== undefined) return zone;
  const near = nearest(text.slice(0, 64), Intl.supportedValuesOf("timeZone"));
  throw new DevboxError("INVALID_SCHEDULE", `--tz ${quote(text)} is no time zone.`, {
    why: "Time zones have the names of the zone database, such as Europe/Berlin or UTC.",
    next: [...(near === undefined ? [] : [`Did you mean ${near}?`]), "See them all: timedatectl list-timezones"],
  });
}

/**
 * Checks what is asked for.
 * @throws {DevboxError} INVALID_SCHEDULE, which says what was understood, or what was not
 */
export function checkSchedule(wish: ScheduleWish, now: Millis): void {
  const start = wish.start === undefined ? undefined : checkCron("--start", wish.start, wish.zone, now);
  const stop = wish.stop === undefined ? undefined : checkCron("--stop", wish.stop, wish.zone, now);
  const at = start && stop && sharedTime(start, stop, now + offsetAt(now, wish.zone));
  if (at === undefined) return;
  throw new DevboxError("INVALID_SCHEDULE", "it would be started and stopped at the same moment.", {
    why: `Both --start ${quote(wish.start ?? "")} and --stop ${quote(wish.stop ?? "")} mean ${weekdayText(at, "UTC", now)}.`,
    next: ["Give them times that are apart"],
  });
}

function checkCron(flag: string, text: string, zone: string, now: Millis): CronExpression {
  const expression = readCron(flag, text);
  const moments = upcoming(text, zone, now);
  const understood = `Understood as ${moments.map((at) => weekdayText(at, zone, now)).join(", ")} (${zone}).`;
  const apart = leastApart(expression);
  if (apart < LEAST_APART) {
    throw new DevboxError("INVALID_SCHEDULE", `${flag} ${quote(text)} is too often: every ${roughly(apart)}.`, {
      why: `${understood} Moments have to be ${roughly(LEAST_APART)} apart.`,
      next: [`For example: ${EXAMPLE}`],
    });
  }
  if (moments.length > 0) return expression;
  throw notUnderstood(flag, text, "No such day comes.");
}

/** @throws {DevboxError} INVALID_SCHEDULE */
function readCron(flag: string, text: string): CronExpression {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5 || text.length > 100) {
    const given = text.trim() === "" ? 0 : fields.length;
    throw notUnderstood(
      flag,
      text,
      `It has five fields (${FIELDS}); ${count(given, "field")} ${given === 1 ? "was" : "were"} given.`,
    );
  }
  // The library's H means a moment that it chooses by chance.
  const odd = fields.find((field) => !/^[\d*/,\-#?a-z]+$/i.test(field) || /(?:^|[^t])h/i.test(field));
  if (odd !== undefined) throw notUnderstood(flag, text, `${quote(odd)} is nothing that a field can say.`);
  try {
    return parseCron(text);
  } catch (error) {
    throw notUnderstood(flag, text, reworded(messageOf(error)));
  }
}

/** The library's sentences about a field, in ours. */
function reworded(said: string): string {
  const [, value, range] = /got (?:value|range) (\S+) expected range (\S+)/.exec(said) ?? [];
  if (value !== undefined && range !== undefined) return `${clipped(value)} is out of its field's range, ${range}.`;
  if (said.includes("explicit day of month")) return "No such day comes.";
  return `${clipped(said)}.`;
}

function notUnderstood(flag: string, text: string, why: string): DevboxError {
  return new DevboxError("INVALID_SCHEDULE", `${flag} ${quote(text)} is no schedule.`, {
    why,
    next: [`Give five fields, ${FIELDS}: ${EXAMPLE}`],
  });
}

/** The least time between two of an expression's moments, as if every day had some. */
function leastApart({ fields }: CronExpression): Millis {
  const times = numbers(fields.hour.values).flatMap((hour) =>
    numbers(fields.minute.values).map((minute) => hour * HOUR + minute * MINUTE),
  );
  const sorted = times.toSorted((a, b) => a - b);
  return Math.min(...sorted.map((time, index) => (sorted[index + 1] ?? (sorted[0] ?? 0) + DAY) - time));
}

/**
 * The next time, as clocks show it, at which both would fire.
 * @param now what clocks show, as if it were UTC
 */
function sharedTime(one: CronExpression, other: CronExpression, now: Millis): Millis | undefined {
  const common = (name: "hour" | "minute") => {
    const values = new Set(numbers(other.fields[name].values));
    return numbers(one.fields[name].values).find((value) => values.has(value));
  };
  const [hour, minute] = [common("hour"), common("minute")];
  if (hour === undefined || minute === undefined) return undefined;
  const first = Math.floor(now / DAY) * DAY + hour * HOUR + minute * MINUTE;
  for (let day = 0; day < ALL_DATES; day += 1) {
    const time = first + day * DAY;
    if (time > now && one.includesDate(new Date(time)) && other.includesDate(new Date(time))) return time;
  }
  return undefined;
}

/** Values of a field, which are numbers for hours and minutes. */
function numbers(values: readonly unknown[]): number[] {
  return values.filter((value) => typeof value === "number");
}
