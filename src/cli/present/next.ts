import type { Decision } from "../../core/lifecycle/facts.ts";
import { inCalendar } from "../../core/lifecycle/zone.ts";
import { iso } from "../../core/time.ts";

/** What JSON says of what comes next for a box; null when nothing is foreseen. */
export function nextJson({ next, at, reason }: Decision) {
  return next === undefined || at === undefined ? null : { action: next, at: iso(inCalendar(at)), reason };
}
