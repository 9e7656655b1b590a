import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import type { ScheduleRecord } from "../../core/lifecycle/records.ts";
import type { Millis } from "../../core/time.ts";
import { findBox, throwUnlessReady } from "../access.ts";
import type { Deps } from "../deps.ts";

/** A box's schedule, and the next moments of it. */
export interface ScheduleResult {
  readonly box: BoxRecord;
  readonly schedule: ScheduleRecord | undefined;
  /** The next three of each. */
  readonly starts: readonly Millis[];
  readonly stops: readonly Millis[];
  /** False when it was so already. */
  readonly changed: boolean;
}

export interface ScheduleInput {
  readonly name: string;
  /** Five-field cron expressions; `none`: not by schedule; undefined: as it was. */
  readonly start: string | undefined;
  readonly stop: string | undefined;
  /** Undefined: as it was, or the host's. */
  readonly zone: string | undefined;
  readonly hostZone: string;
}

type NamedBox = Pick<ScheduleInput, "name">;

const NONE = "none";

/**
 * Has a box started and stopped by itself. What is past when this is said is not made up for.
 * @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE, USAGE, INVALID_SCHEDULE
 */
export async function setSchedule(deps: Deps, input: ScheduleInput): Promise<ScheduleResult> {
  const box = findBox(deps, input.name);
  throwUnlessReady(box);
  const { checkSchedule, checkZone } = await import("../../core/lifecycle/schedule-check.ts");
  const before = deps.ledger.scheduleOf(box.id);
  if (input.start === undefined && input.stop === undefined && (before === undefined || input.zone === undefined)) {
    throw nothingSaid(box.name, input.zone);
  }
  const chosen = (wish: string | undefined, old: string | undefined) =>
    wish === undefined ? old : wish.trim().toLowerCase() === NONE ? undefined : wish.trim().split(/\s+/).join(" ");
  const now = deps.clock.now();
  const schedule = {
    boxId: box.id,
    start: chosen(input.start, before?.start),
    stop: chosen(input.stop, before?.stop),
    zone: input.zone === undefined ? (before?.zone ?? input.hostZone) : checkZone(input.zone),
    handledAt: now,
  };
  if (schedule.start === undefined && schedule.stop === undefined) return clearSchedule(deps, input);
  checkSchedule(schedule, now);
  const changed = before?.start !== schedule.start || before?.stop !== schedule.stop || before?.zone !== schedule.zone;
  if (changed) deps.ledger.setSchedule(schedule);
  return shown(deps, box, schedule, changed);
}

/** @throws {DevboxError} BOX_NOT_FOUND */
export async function showSchedule(deps: Deps, { name }: NamedBox): Promise<ScheduleResult> {
  const box = findBox(deps, name);
  return shown(deps, box, deps.ledger.scheduleOf(box.id), false);
}

/** @throws {DevboxError} BOX_NOT_FOUND */
export async function clearSchedule(deps: Deps, { name }: NamedBox): Promise<ScheduleResult> {
  const box = findBox(deps, name);
  const before = deps.ledger.scheduleOf(box.id);
  if (before !== undefined) deps.ledger.clearSchedule(box.id);
  return shown(deps, box, undefined, before !== undefined);
}

async function shown(
  deps: Deps,
  box: BoxRecord,
  schedule: ScheduleRecord | undefined,
  changed: boolean,
): Promise<ScheduleResult> {
  if (schedule === undefined) return { box, schedule, starts: [], stops: [], changed };
  const { upcoming } = await import("../../core/lifecycle/schedule.ts");
  const next = (cron: string | undefined) =>
    cron === undefined ? [] : upcoming(cron, schedule.zone, deps.clock.now());
  return { box, schedule, starts: next(schedule.start), stops: next(schedule.stop), changed };
}

function nothingSaid(name: string, zone: string | undefined): DevboxError {
  return new DevboxError("USAGE", "schedule set needs a time.", {
    why:
      zone === undefined
        ? "Neither --start nor --stop nor --tz was given."
        : `${name} has no schedule yet whose zone could be changed.`,
    next: [`For example: devbox-ctl schedule set ${name} --start "0 8 * * mon-fri" --stop "0 19 * * *"`],
  });
}
