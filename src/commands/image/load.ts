import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { requireFile } from "../../cli/compose.ts";
import { loadImage } from "../../usecases/images.ts";

export default class ImageLoad extends BaseCommand {
  static override summary = "Load a box image from an archive (docker-archive or oci-archive)";
  static override examples = ["<%= config.bin %> image load devbox.tar"];
  static override args = { file: Args.string({ required: true, description: "The archive" }) };

  async run() {
    const { args, flags } = await this.parse(ImageLoad);
    const file = requireFile(args.file);
    const result = await loadImage(await this.deps(flags), { file });
    this.print(`  ${result.names.join(", ")} is loaded.`);
    return result;
  }
}
