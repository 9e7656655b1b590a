import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { presentSchedule, scheduleJson } from "../../cli/present/schedule.ts";
import { styleFor } from "../../cli/style.ts";
import { showSchedule } from "../../usecases/lifecycle/schedule.ts";

export default class ScheduleShow extends BaseCommand {
  static override summary = "Show when a box is started and stopped by itself";
  static override examples = ["<%= config.bin %> schedule show api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(ScheduleShow);
    const result = await showSchedule(await this.deps(flags), { name: args.name });
    this.print(presentSchedule(styleFor(process.stdout), result, "show", clock.now()));
    return scheduleJson(result);
  }
}
