import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { presentRotations, rotationsJson } from "../cli/present/tailnet.ts";
import { DevboxError } from "../core/errors.ts";
import { partlyRotated, rotateAll, rotateKey } from "../usecases/tailnet/rotate.ts";

export default class RotateKey extends BaseCommand {
  static override summary = "Log boxes in to the tailnet anew, with the auth key that is stored now";
  static override description =
    "After a new auth key was stored in the place of the old one. The key is tried first; a box whose new login fails is what it was. Boxes that are stopped take the key when they log in next.";
  static override examples = ["<%= config.bin %> rotate-key api", "<%= config.bin %> rotate-key --all"];
  static override args = { name: Args.string({ description: "Name of the box" }) };
  static override flags = { all: Flags.boolean({ summary: "All boxes of yours" }) };

  async run() {
    const { args, flags } = await this.parse(RotateKey);
    const { name } = args;
    if ((name === undefined) === (flags.all === undefined)) {
      throw new DevboxError("USAGE", "name one box, or say --all.", {
        next: ["devbox-ctl rotate-key NAME", "devbox-ctl rotate-key --all"],
      });
    }
    const deps = await this.deps(flags);
    const rotations = name === undefined ? await rotateAll(deps) : [await rotateKey(deps, { name })];
    const failure = partlyRotated(rotations);
    if (failure) throw failure;
    this.print(presentRotations(rotations));
    return rotationsJson(rotations);
  }
}
