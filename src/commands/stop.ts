import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { changeJson, presentChange } from "../cli/present/change.ts";
import { stop } from "../usecases/start.ts";

export default class Stop extends BaseCommand {
  static override summary = "Stop a box; its home stays";
  static override examples = ["<%= config.bin %> stop api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(Stop);
    const result = await stop(await this.deps(flags), { name: args.name });
    this.print(presentChange(result, "stopped", "stopped"));
    return changeJson(result, "stopped");
  }
}
