import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { destroyJson, presentDestroy } from "../cli/present/destroy.ts";
import type { BoxRecord } from "../core/box.ts";
import { formatSize } from "../core/size.ts";
import { findBox } from "../usecases/access.ts";
import type { Deps } from "../usecases/deps.ts";
import { destroy } from "../usecases/destroy.ts";
import { homeSizeOf } from "../usecases/status.ts";

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
    const box = findBox(deps, args.name);
    const { name } = box;
    const keepVolume = flags["keep-volume"];
    if (!flags.yes) await this.confirmed(await this.#question(deps, box, keepVolume), false, name);
    const result = await destroy(deps, { name, keepVolume });
    this.print(presentDestroy(result));
    return destroyJson(result);
  }

  /** What is about to be lost, with its size: the one thing that cannot be brought back. */
  async #question(deps: Deps, box: BoxRecord, keepVolume: boolean): Promise<string> {
    if (keepVolume) return `${box.name} will be gone for good; its home is kept.\n  Type the name to go on:`;
    const size = await homeSizeOf(deps, box);
    const home = size === undefined ? "its home" : `its home (${formatSize(size)})`;
    return `${box.name} and ${home} will be gone for good.\n  Type the name to go on, or use --keep-volume:`;
  }
}
