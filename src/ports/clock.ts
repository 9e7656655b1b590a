import type { Millis } from "../core/time.ts";

/** The only source of time. Wall-clock times may jump either way; spans are measured with `monotonic`. */
export interface Clock {
  /** Wall-clock time, for records and for people. */
  now(): Millis;
  /** Milliseconds from an arbitrary start that never go back. */
  monotonic(): number;
  /** Resolves after a span of milliseconds, or when the signal aborts. */
  sleep(span: number, signal?: AbortSignal): Promise<void>;
}
