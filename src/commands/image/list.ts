import { BaseCommand } from "../../cli/base-command.ts";
import { clock } from "../../cli/compose.ts";
import { imagesJson, presentImages } from "../../cli/present/images.ts";
import { styleFor } from "../../cli/style.ts";
import { listImages } from "../../usecases/images.ts";

export default class ImageList extends BaseCommand {
  static override summary = "List the box images on this machine";
  static override examples = ["<%= config.bin %> image list"];

  async run() {
    const { flags } = await this.parse(ImageList);
    const deps = await this.deps(flags);
    const images = await listImages(deps);
    this.print(presentImages(styleFor(process.stdout), images, deps.config.image, clock.now()));
    return imagesJson(images, deps.config.image);
  }
}
