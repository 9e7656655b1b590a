import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { changeJson, presentChange } from "../cli/present/change.ts";
import { restart } from "../usecases/start.ts";

export default class Restart extends BaseCommand {
  static override summary = "Stop a box and start it again";
  static override examples = ["<%= config.bin %> restart api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(Restart);
    const result = await restart(await this.deps(flags), { name: args.name });
    this.print(presentChange(result, "running", "restarted"));
    return changeJson(result, "running");
  }
}
