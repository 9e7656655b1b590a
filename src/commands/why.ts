import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { presentWhy, whyJson } from "../cli/present/why.ts";
import { styleFor } from "../cli/style.ts";
import { hostZone } from "../cli/zone.ts";
import { why } from "../usecases/lifecycle/why.ts";

export default class Why extends BaseCommand {
  static override summary = "Say why a box is as it is, and what becomes of it";
  static override description =
    "Its last use, what happens next and when, who was told, and what would change it. A running box is looked at now.";
  static override examples = ["<%= config.bin %> why api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(Why);
    const deps = await this.deps(flags);
    const result = await why(deps, { name: args.name });
    const reader = { now: clock.now(), zone: hostZone(), you: deps.caller.user };
    this.print(presentWhy(styleFor(process.stdout), result, reader));
    return whyJson(result);
  }
}
