import type { Millis } from "../time.ts";
import type { Hold } from "./facts.ts";
import type { HoldRecord } from "./records.ts";

/** What holds are judged by. */
export interface HoldJudge {
  readonly isAlive: HolderAlive;
  readonly now: Millis;
  /** Longest time that a hold lasts, in milliseconds: also one of before it was so, and one of before the clock was set back. */
  readonly most: Millis;
}

/** Whether the process that a hold lasts as long as still runs; true for one that hangs on none. */
type HolderAlive = (hold: Pick<HoldRecord, "holder">) => boolean;

/** What the holds of one box come to. */
export interface HeldFacts {
  /** Of those that last, the one that lasts longest. */
  readonly hold: Hold | undefined;
  /** When the last of those that are over ended. */
  readonly heldUntil: Millis | undefined;
}

/** When a hold ends whatever happens. */
const endOf = ({ until, createdAt }: HoldRecord, most: Millis): Millis => Math.min(until, createdAt + most);

/** When a hold was over; undefined for one that lasts. It ends at `until` itself, not after it. */
export function overSince(hold: HoldRecord, { isAlive, now, most }: HoldJudge): Millis | undefined {
  // Not bounded by its end as it was named: the moment was moved when the clock was set, or it was set over that end.
  if (hold.endedAt !== undefined) return hold.endedAt;
  const end = endOf(hold, most);
  if (end <= now) return end;
  // Nobody saw when that process ended: what is not known counts for the box.
  return isAlive(hold) ? undefined : now;
}

/** Holds that last, in the order in which they were made, each with its real end. */
export function lasting(records: readonly HoldRecord[], judge: HoldJudge): HoldRecord[] {
  return records
    .filter((hold) => overSince(hold, judge) === undefined)
    .map((hold) => ({ ...hold, until: endOf(hold, judge.most) }));
}

/** Several holds may be on a box at once; it is held until the last of them is over. */
export function heldFacts(records: readonly HoldRecord[], judge: HoldJudge): HeldFacts {
  const ends = records
    .map((hold) => overSince(hold, judge))
    .filter((end) => end !== undefined)
    .map((end) => Math.min(end, judge.now));
  const held = longest(lasting(records, judge));
  return {
    hold: held && { until: held.until, by: held.by, reason: held.reason },
    heldUntil: ends.length === 0 ? undefined : Math.max(...ends),
  };
}

/** Of several holds that which lasts longest, of two that last equally long the first. */
export function longest<T extends Hold>(holds: readonly (T | undefined)[]): T | undefined {
  let found: T | undefined;
  for (const hold of holds) {
    if (hold !== undefined && (found === undefined || hold.until > found.until)) found = hold;
  }
  return found;
}
