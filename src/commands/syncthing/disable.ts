import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { disableSyncthing } from "../../usecases/syncthing/switch.ts";

export default class SyncthingDisable extends BaseCommand {
  static override summary = "Turn Syncthing off in a box";
  static override description =
    "Its identity, what was paired and the files stay; `syncthing enable` goes on with them.";
  static override examples = ["<%= config.bin %> syncthing disable api"];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
  };

  async run() {
    const { args, flags } = await this.parse(SyncthingDisable);
    const { name } = await disableSyncthing(await this.deps(flags), { name: args.name });
    this.print(`  Syncthing is off in ${name}; what it synced stays where it is.`);
    return { name, enabled: false as const };
  }
}
