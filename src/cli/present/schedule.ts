import { weekdayText } from "../../core/lifecycle/moment-text.ts";
import { iso, type Millis } from "../../core/time.ts";
import type { ScheduleResult } from "../../usecases/lifecycle/schedule.ts";
import { orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { facts } from "./table.ts";

/** `schedule set`, `show` and `clear` for a person. */
export function presentSchedule(
  style: Style,
  result: ScheduleResult,
  verb: "set" | "show" | "clear",
  now: Millis,
): string {
  const { box, schedule, starts, stops, changed } = result;
  if (schedule === undefined) {
    const done = changed ? `has no schedule any more` : `has no schedule`;
    const next =
      verb === "show"
        ? `\n    Give it one: devbox-ctl schedule set ${box.name} --start "0 8 * * mon-fri" --stop "0 19 * * *"`
        : "";
    return `  ${box.name} ${done}.${next}`;
  }
  const line = (cron: string | undefined, moments: readonly Millis[]) =>
    cron === undefined ? "-" : `${cron}\n${moments.map((at) => weekdayText(at, schedule.zone, now)).join(" · ")}`;
  const told = verb === "set" ? [`  ${box.name} ${changed ? "has a schedule now" : "had this schedule already"}.`] : [];
  return [
    ...told,
    facts(style, [
      ["start", line(schedule.start, starts)],
      ["stop", line(schedule.stop, stops)],
      ["zone", schedule.zone],
    ]),
  ].join("\n");
}

/** `schedule set`, `show` and `clear`, with --json; the schema is docs/json/schedule.schema.json. */
export function scheduleJson({ box, schedule, starts, stops, changed }: ScheduleResult) {
  return {
    name: box.name,
    schedule:
      schedule === undefined
        ? null
        : {
            start: orNull(schedule.start),
            stop: orNull(schedule.stop),
            zone: schedule.zone,
            nextStarts: starts.map((at) => iso(at)),
            nextStops: stops.map((at) => iso(at)),
          },
    changed,
  };
}
