import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { presentSchedule, scheduleJson } from "../../cli/present/schedule.ts";
import { styleFor } from "../../cli/style.ts";
import { clearSchedule } from "../../usecases/lifecycle/schedule.ts";

export default class ScheduleClear extends BaseCommand {
  static override summary = "Have a box neither started nor stopped by a schedule any more";
  static override examples = ["<%= config.bin %> schedule clear api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(ScheduleClear);
    const result = await clearSchedule(await this.deps(flags), { name: args.name });
    this.print(presentSchedule(styleFor(process.stdout), result, "clear", clock.now()));
    return scheduleJson(result);
  }
}
