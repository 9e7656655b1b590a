import type { DevboxError } from "../core/errors.ts";
import { iso, type Millis } from "../core/time.ts";

/** A time as `--json` shows it: RFC 3339 in UTC, or null. */
export function jsonTime(time: Millis | undefined): string | null {
  return time === undefined ? null : iso(time);
}

/** JSON has no undefined: what is not known is null. */
export function orNull<T>(value: T | undefined): T | null {
  return value ?? null;
}

/** What went wrong with a part of what a result is about, or null. */
export function problemJson(error: DevboxError | undefined): { code: string; message: string } | null {
  return error === undefined ? null : { code: error.code, message: error.message };
}
