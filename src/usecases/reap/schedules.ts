import { HOUR, type Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import type { Judged } from "./survey.ts";

/** How long a start is tried again that its box missed or that failed; milliseconds. */
const LATE_START = 12 * HOUR;

/** Boxes whose schedule has something to say at the moment; the engine is not asked, and nothing is looked at. */
export async function dueBoxes({ ledger }: Pick<Deps, "ledger">, now: Millis): Promise<ReadonlySet<string>> {
  const schedules = ledger.schedules();
  if (schedules.length === 0) return new Set();
  const { scheduleFacts } = await import("../../core/lifecycle/schedule.ts");
  const due = schedules.filter((schedule) => scheduleFacts(schedule, now).due !== undefined);
  return new Set(due.map(({ boxId }) => boxId));
}

/**
 * Whether a due moment needs nothing to be done any more: the box is by now what it asks for, so that whoever changes
 * it later is not overruled; or a start is so late that nobody counts on it.
 */
export function isPast({ facts: { schedule, state } }: Pick<Judged, "facts">, now: Millis): boolean {
  const due = schedule?.due;
  if (due === undefined) return false;
  if (due.action === "stop") return state === "stopped" || state === "gone";
  return state === "running" || now - due.at > LATE_START;
}
