import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { presentRebuild, rebuildJson } from "../cli/present/rebuild.ts";
import { rebuild } from "../usecases/rebuild.ts";

export default class Rebuild extends BaseCommand {
  static override summary = "Make a box anew from an image, and keep its home";
  static override description =
    "Its name, limits and home stay; what runs in it is ended. When the new one does not become ready, the box is what it was before.";
  static override examples = [
    "<%= config.bin %> rebuild api",
    "<%= config.bin %> rebuild api --image localhost/devbox:next",
  ];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    image: Flags.string({
      summary: "Image to make it from; left out, today's version of the one it was made from",
      helpValue: "IMAGE",
    }),
  };

  async run() {
    const { args, flags } = await this.parse(Rebuild);
    const deps = await this.deps(flags);
    const result = await rebuild(deps, { name: args.name, image: flags.image });
    this.print(presentRebuild(result));
    return rebuildJson(result);
  }
}
