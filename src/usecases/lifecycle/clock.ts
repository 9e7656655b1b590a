import type { Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

/**
 * Makes recorded times sound when the wall clock was set since the last run, or when there was none for long; to be
 * called by each run of the reaper before it decides.
 * @returns by how much they were moved; 0 mostly
 */
export function settleClock({ ledger, clock, host }: Pick<Deps, "ledger" | "clock" | "host">): Millis {
  return ledger.settleTimes(() => ({ wall: clock.now(), uptime: host.uptime(), bootId: host.self().bootId }));
}
