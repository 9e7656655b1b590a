import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { unpairSyncthing } from "../../usecases/syncthing/pair.ts";

export default class SyncthingUnpair extends BaseCommand {
  static override summary = "Let a device no longer sync with a box";
  static override description = "The files stay on both sides.";
  static override examples = [
    "<%= config.bin %> syncthing unpair api MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3DP-BONSGYY-LTMRWAD",
  ];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
    device: Args.string({ required: true, description: "Id of the other device" }),
  };

  async run() {
    const { args, flags } = await this.parse(SyncthingUnpair);
    const result = await unpairSyncthing(await this.deps(flags), { name: args.name, device: args.device });
    this.print(`  ${result.device} ${result.removed ? "is out; the files stay" : "was not in"}.`);
    return { name: result.name, device: result.device, removed: result.removed };
  }
}
