import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { presentSchedule, scheduleJson } from "../../cli/present/schedule.ts";
import { styleFor } from "../../cli/style.ts";
import { hostZone } from "../../cli/zone.ts";
import { setSchedule } from "../../usecases/lifecycle/schedule.ts";

export default class ScheduleSet extends BaseCommand {
  static override summary = "Have a box started and stopped by itself";
  static override description =
    "Times are five-field cron expressions (minute, hour, day of the month, month, day of the week) by the clocks of a time zone, at least 30 minutes apart. What is left out stays as it was. A box that is in use is stopped when it is not any more; one that nobody uses for a long time is not started.";
  static override examples = [
    '<%= config.bin %> schedule set api --start "0 8 * * mon-fri" --stop "0 19 * * *" --tz Europe/Berlin',
    "<%= config.bin %> schedule set api --start none",
  ];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    start: Flags.string({ summary: "When it is started; none: not by schedule", helpValue: "CRON" }),
    stop: Flags.string({ summary: "When it is stopped; none: not by schedule", helpValue: "CRON" }),
    tz: Flags.string({ summary: "Time zone, such as Europe/Berlin; at first that of this host", helpValue: "ZONE" }),
  };

  async run() {
    const { args, flags } = await this.parse(ScheduleSet);
    const { start, stop, tz: zone } = flags;
    const input = { name: args.name, start, stop, zone, hostZone: hostZone() };
    const result = await setSchedule(await this.deps(flags), input);
    this.print(presentSchedule(styleFor(process.stdout), result, "set", clock.now()));
    return scheduleJson(result);
  }
}
