import { Args, Flags } from "@oclif/core";
import { BaseCommand } from "../cli/base-command.ts";
import { destroyJson, presentDestroy } from "../cli/present/destroy.ts";
import { findBox } from "../usecases/access.ts";
import { destroy } from "../usecases/destroy.ts";

export default class Destroy extends BaseCommand {
  static override summary = "Destroy a box and, unless it is kept, its home";
  static override examples = ["<%= config.bin %> destroy api", "<%= config.bin %> destroy api --keep-volume --yes"];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    "keep-volume": Flags.boolean({ summary: "Leave its home; `create --volume` takes it up again" }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask" }),
  };

  async run() {
    const { args, flags } = await this.parse(Destroy);
    const deps = await this.deps(flags);
    const { name } = findBox(deps, args.name);
    const keepVolume = flags["keep-volume"];
    const question = keepVolume
      ? `${name} will be gone for good; its home is kept.\n  Type the name to go on:`
      : `${name} and its home will be gone for good.\n  Type the name to go on, or use --keep-volume:`;
    await this.confirmed(question, flags.yes, name);
    const result = await destroy(deps, { name, keepVolume });
    this.print(presentDestroy(result));
    return destroyJson(result);
  }
}
