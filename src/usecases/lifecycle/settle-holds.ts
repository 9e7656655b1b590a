import { lasting, overSince, type HolderAlive } from "../../core/lifecycle/holds.ts";
import type { HoldRecord } from "../../core/lifecycle/records.ts";
import type { Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

/**
 * Writes down that holds are over: those that ran out, and those whose process is gone. Until then the latter count as
 * if they had ended just now.
 */
export function settleHolds(deps: Pick<Deps, "ledger" | "host">, now: Millis, boxId?: string): void {
  const isAlive = aliveOn(deps);
  for (const record of deps.ledger.holds(boxId)) {
    const end = record.endedAt === undefined ? overSince(record, isAlive, now) : undefined;
    if (end !== undefined) deps.ledger.endHold(record.id, end);
  }
}

/** Holds of a box that last, in the order in which they were made. */
export function lastingOn(deps: Pick<Deps, "ledger" | "host">, boxId: string, now: Millis): HoldRecord[] {
  return lasting(deps.ledger.holds(boxId), aliveOn(deps), now);
}

/** Whether what a hold lasts as long as still runs. */
export function aliveOn({ host }: Pick<Deps, "host">): HolderAlive {
  return ({ holder }) => holder === undefined || host.isAlive(holder);
}

