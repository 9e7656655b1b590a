import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { presentSyncthing, syncthingJson } from "../../cli/present/syncthing.ts";
import { styleFor } from "../../cli/style.ts";
import { syncthingStatus } from "../../usecases/syncthing/pair.ts";

export default class SyncthingStatus extends BaseCommand {
  static override summary = "Show what a box syncs, with whom, and whether files are in conflict";
  static override examples = ["<%= config.bin %> syncthing status api"];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
  };

  async run() {
    const { args, flags } = await this.parse(SyncthingStatus);
    const result = await syncthingStatus(await this.deps(flags), { name: args.name });
    this.print(presentSyncthing(styleFor(process.stdout), result, clock.now()));
    return syncthingJson(result);
  }
}
