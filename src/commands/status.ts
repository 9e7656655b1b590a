import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { presentStatus, statusJson } from "../cli/present/status.ts";
import { styleFor } from "../cli/style.ts";
import { hostZone } from "../cli/zone.ts";
import { status } from "../usecases/status.ts";

export default class Status extends BaseCommand {
  static override summary = "Show one box closely";
  static override examples = ["<%= config.bin %> status api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(Status);
    const result = await status(await this.deps(flags), { name: args.name });
    this.print(presentStatus(styleFor(process.stdout), result, { now: clock.now(), zone: hostZone() }));
    return statusJson(result);
  }
}
