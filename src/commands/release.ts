import * as Args from "@oclif/core/args";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { presentRelease, releasedJson } from "../cli/present/hold.ts";
import { hostZone } from "../cli/zone.ts";
import { release } from "../usecases/lifecycle/release.ts";

export default class Release extends BaseCommand {
  static override summary = "Take back all holds of a box";
  static override description =
    "Commands of `hold --while` go on, but hold the box no longer. Hold files in the box are its own; they are named.";
  static override examples = ["<%= config.bin %> release api"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };

  async run() {
    const { args, flags } = await this.parse(Release);
    const result = await release(await this.deps(flags), { name: args.name });
    this.print(presentRelease(result, { now: clock.now(), zone: hostZone() }));
    return releasedJson(result);
  }
}
