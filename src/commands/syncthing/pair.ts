import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { pairedJson, presentPaired } from "../../cli/present/syncthing.ts";
import { styleFor } from "../../cli/style.ts";
import { pairSyncthing } from "../../usecases/syncthing/pair.ts";

export default class SyncthingPair extends BaseCommand {
  static override summary = "Let a device sync with a box";
  static override description =
    "Without DEVICE-ID it tells the id of the box and what to do at the other device, and names devices that asked.";
  static override examples = [
    "<%= config.bin %> syncthing pair api",
    "<%= config.bin %> syncthing pair api MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3DP-BONSGYY-LTMRWAD --name laptop",
  ];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
    device: Args.string({ description: "Id of the other device" }),
  };
  static override flags = {
    name: Flags.string({ summary: "What to call the device", helpValue: "LABEL" }),
    address: Flags.string({
      summary: "Where the box reaches the device; else the device comes to the box",
      helpValue: "tcp://HOST:PORT",
    }),
  };

  async run() {
    const { args, flags } = await this.parse(SyncthingPair);
    const { name: label, address } = flags;
    const result = await pairSyncthing(await this.deps(flags), {
      name: args.name,
      device: args.device,
      label,
      address,
    });
    this.print(presentPaired(styleFor(process.stdout), result));
    return pairedJson(result);
  }
}
