import { lasting, overSince, type HoldJudge } from "../../core/lifecycle/holds.ts";
import type { HoldRecord } from "../../core/lifecycle/records.ts";
import type { Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

type HoldDeps = Pick<Deps, "ledger" | "host" | "config">;

/**
 * Writes down that holds are over: those that ran out, and those whose process is gone. Until then the latter count as
 * if they had ended just now.
 */
export function settleHolds(deps: HoldDeps, now: Millis, boxId?: string): void {
  const judge = holdJudge(deps, now);
  for (const record of deps.ledger.holds(boxId)) {
    const end = record.endedAt === undefined ? overSince(record, judge) : undefined;
    if (end !== undefined) deps.ledger.endHold(record.id, end);
  }
}

/** Holds of a box that last, in the order in which they were made. */
export function lastingOn(deps: HoldDeps, boxId: string, now: Millis): HoldRecord[] {
  return lasting(deps.ledger.holds(boxId), holdJudge(deps, now));
}

/** By what it is judged whether a hold lasts. */
export function holdJudge({ host, config }: Pick<Deps, "host" | "config">, now: Millis): HoldJudge {
  const isAlive = ({ holder }: Pick<HoldRecord, "holder">) => holder === undefined || host.isAlive(holder);
  return { isAlive, now, most: config.lifecycle.maxHold };
}
