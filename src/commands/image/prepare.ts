import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { count } from "../../core/text.ts";
import { prepareImages } from "../../usecases/image-copies.ts";

export default class ImagePrepare extends BaseCommand {
  static override summary = "Make an image ready for every user, so that no create waits for it";
  static override description =
    "Each user's boxes have host ids of their own, and rootless Podman keeps a copy of the image for each range of them. Images that are built or loaded are made ready by themselves; this is for users that came later.";
  static override examples = [
    "<%= config.bin %> image prepare",
    "<%= config.bin %> image prepare localhost/devbox:latest",
  ];
  static override strict = false;
  static override args = { image: Args.string({ description: "Images; none: the configured one" }) };

  async run() {
    const { argv, flags } = await this.parse(ImagePrepare);
    const images = await prepareImages(await this.deps(flags), { images: argv as string[] });
    for (const { image, ranges } of images) {
      const whose =
        ranges === 0 ? "needs nothing here" : `is ready for ${count(ranges, "range of ids", "ranges of ids")}`;
      this.print(`  ${image} ${whose}.`);
    }
    return { images };
  }
}
