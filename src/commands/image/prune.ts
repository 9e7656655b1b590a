import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { presentPruned, prunedJson } from "../../cli/present/images.ts";
import { styleFor } from "../../cli/style.ts";
import { pruneImages } from "../../usecases/image-prune.ts";

export default class ImagePrune extends BaseCommand {
  static override summary = "Remove box images that no box uses and nobody has named";
  static override description =
    "Those are what newer ones have taken the name from. The configured image, images with a name of their own, and those of other programs are left alone.";
  static override examples = ["<%= config.bin %> image prune --dry-run", "<%= config.bin %> image prune"];
  static override flags = { "dry-run": Flags.boolean({ summary: "Only say what would be removed" }) };

  async run() {
    const { flags } = await this.parse(ImagePrune);
    const result = await pruneImages(await this.deps(flags), { dryRun: flags["dry-run"] });
    this.print(presentPruned(styleFor(process.stdout), result));
    return prunedJson(result);
  }
}
