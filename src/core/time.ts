import { DevboxError } from "./errors.ts";
import { count, quote } from "./text.ts";

/** Milliseconds since the Unix epoch, UTC. The only form in which the house keeps a time. */
export type Millis = number;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const UNIT: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** A duration such as `90s`, `10m`, `3h`, `7d` in milliseconds, or undefined. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd])$/.exec(text.trim());
  const factor = match ? UNIT[match[2] ?? ""] : undefined;
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

/** A span as {@link parseDuration} takes it, in the largest unit that loses nothing: `7d`, `90s`. */
export function spanText(span: Millis): string {
  const units = [
    [DAY, "d"],
    [HOUR, "h"],
    [MINUTE, "m"],
  ] as const;
  const unit = units.find(([length]) => span > 0 && span % length === 0);
  return unit === undefined ? `${String(span / SECOND)}s` : `${String(span / unit[0])}${unit[1]}`;
}

/**
 * The moment that `--since` names: a duration back from now, or an RFC 3339 time.
 * @throws {DevboxError} USAGE
 */
export function parseSince(text: string, now: Millis): Millis {
  const duration = parseDuration(text);
  // A box cannot be older than the epoch, and the calendar ends not far before it.
  if (duration !== undefined) return Math.max(0, now - duration);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new DevboxError("USAGE", `--since ${quote(text)} is neither a duration nor a time.`, {
    next: ["Give a duration such as 10m, 3h or 2d, or a time such as 2026-01-31T09:00:00Z"],
  });
}

/** `just now`, `3 min ago`, `5 h ago`, `2 days ago`; a time in the future reads as `just now`. */
export function ago(then: Millis, now: Millis): string {
  const span = now - then;
  if (span < MINUTE) return "just now";
  return `${roughly(span)} ago`;
}

/** A span for a person, in its largest unit: `40 s`, `3 min`, `5 h`, `2 days`. */
export function roughly(span: number): string {
  if (span < MINUTE) return `${String(Math.max(0, Math.floor(span / SECOND)))} s`;
  if (span < HOUR) return `${String(Math.floor(span / MINUTE))} min`;
  if (span < 2 * DAY) return `${String(Math.floor(span / HOUR))} h`;
  return count(Math.floor(span / DAY), "day");
}

/** How long something took: `0.3 s`, `12.4 s`, `3 min 5 s`. */
export function took(span: number): string {
  const tenths = Math.round(span / (SECOND / 10));
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  // Rounded before it is split, or 119.9 s would be "1 min 60 s".
  const seconds = Math.round(span / SECOND);
  return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
}

/** Exact, for machines and `status`: RFC 3339 in UTC, to the second. */
export function iso(time: Millis): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, "Z");
}
