import { DAY, type Millis } from "../time.ts";
import { inCalendar, offsetAt } from "./zone.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** When something is shown to a person, and by which clock. */
export interface Shown {
  readonly now: Millis;
  /** IANA name of a time zone. */
  readonly zone: string;
}

/** What clocks and calendars of a zone show, as a date of UTC. */
const shown = (at: Millis, zone: string): Date => new Date(inCalendar(at) + offsetAt(inCalendar(at), zone));

const two = (n: number): string => String(n).padStart(2, "0");

/** A day for a person: `22 Nov`, with its year when that is not this one. */
export function dayText(at: Millis, zone: string, now: Millis): string {
  const date = shown(at, zone);
  const year = date.getUTCFullYear();
  const day = `${String(date.getUTCDate())} ${MONTHS[date.getUTCMonth()] ?? ""}`;
  return year === shown(now, zone).getUTCFullYear() ? day : `${day} ${String(year)}`;
}

/** Only what a clock shows: `09:14`. */
function clockText(at: Millis, zone: string): string {
  const date = shown(at, zone);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** A moment for a person: `12 Nov 09:14`, with its year when that is not this one. */
export function momentText(at: Millis, zone: string, now: Millis): string {
  return `${dayText(at, zone, now)} ${clockText(at, zone)}`;
}

/** A moment of a week that a person knows by its day: `Mon 08:00`; one farther away is a {@link momentText}. */
export function soonText(at: Millis, zone: string, now: Millis): string {
  if (at < now || at - now > 6 * DAY) return momentText(at, zone, now);
  const isToday = dayText(at, zone, now) === dayText(now, zone, now);
  const day = isToday ? "today" : (WEEKDAYS[shown(at, zone).getUTCDay()] ?? "");
  return `${day} ${clockText(at, zone)}`;
}

/** The same with the weekday, for lists of moments: `Mon 23 Nov 08:00`. */
export function weekdayText(at: Millis, zone: string, now: Millis): string {
  return `${WEEKDAYS[shown(at, zone).getUTCDay()] ?? ""} ${momentText(at, zone, now)}`;
}
