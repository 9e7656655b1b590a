import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { enabledJson, presentEnabled } from "../../cli/present/syncthing.ts";
import { styleFor } from "../../cli/style.ts";
import { enableSyncthing } from "../../usecases/syncthing/switch.ts";

export default class SyncthingEnable extends BaseCommand {
  static override summary = "Turn Syncthing on in a box, ready to pair";
  static override description =
    "It stays on at every later start. The password of its interface is shown by the call that made it, and never again.";
  static override examples = ["<%= config.bin %> syncthing enable api"];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
  };

  async run() {
    const { args, flags } = await this.parse(SyncthingEnable);
    const result = await enableSyncthing(await this.deps(flags), { name: args.name });
    this.print(presentEnabled(styleFor(process.stdout), result));
    return enabledJson(result);
  }
}
