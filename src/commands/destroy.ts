import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { destroyJson, presentDestroy } from "../cli/present/destroy.ts";
import { hostZone } from "../cli/zone.ts";
import type { BoxRecord } from "../core/box.ts";
import { formatSize } from "../core/size.ts";
import { span } from "../core/lifecycle/sentences.ts";
import { findBox } from "../usecases/access.ts";
import type { Deps } from "../usecases/deps.ts";
import { destroy } from "../usecases/destroy.ts";
import { lastUnpushed } from "../usecases/lifecycle/unpushed.ts";
import { homeSizeOf } from "../usecases/status.ts";

export default class Destroy extends BaseCommand {
  static override summary = "Destroy a box and, unless it is kept or archived, its home";
  static override examples = [
    "<%= config.bin %> destroy api",
    "<%= config.bin %> destroy api --archive",
    "<%= config.bin %> destroy api --keep-volume --yes",
  ];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    "keep-volume": Flags.boolean({ summary: "Leave its home; `create --volume` takes it up again" }),
    archive: Flags.boolean({
      summary: "Put its home away first; `restore` brings it back",
      exclusive: ["keep-volume"],
    }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask" }),
  };

  async run() {
    const { args, flags } = await this.parse(Destroy);
    const deps = await this.deps(flags);
    const box = findBox(deps, args.name);
    const { name } = box;
    const keepVolume = flags["keep-volume"];
    if (!flags.yes) {
      const question = keepVolume
        ? `${name} will be gone for good; its home is kept.\n  Type the name to go on:`
        : await this.#question(deps, box, flags.archive);
      await this.confirmed(question, false, name);
    }
    const archive = flags.archive ? { archive: { reason: "destroy --archive" } } : {};
    const result = await destroy(deps, { name, keepVolume, ...archive });
    this.print(presentDestroy(result, { now: deps.clock.now(), zone: hostZone() }));
    return destroyJson(result);
  }

  /** What is about to be lost, with its size, and what of it is nowhere else. */
  async #question(deps: Deps, box: BoxRecord, isArchived: boolean): Promise<string> {
    const { name } = box;
    const size = await homeSizeOf(deps, box);
    const home = size === undefined ? "its home" : `its home (${formatSize(size)})`;
    const { keep } = deps.config.lifecycle.archive;
    if (isArchived) {
      const kept = keep === null ? "until you remove it" : span(keep);
      return `${name} will be gone for good; ${home} is archived first and kept ${kept}.\n  Type the name to go on:`;
    }
    const lines = lastUnpushed(deps, box.id).map((line) => `  ! ${line}\n`);
    const device = box.device === undefined ? `${name} and ${home}` : `${name}, ${home} and its tailnet device`;
    return `${device} will be gone for good.\n${lines.join("")}  Type the name to go on, or use --keep-volume / --archive:`;
  }
}
