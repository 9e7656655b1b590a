import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { imageBuilder } from "../../cli/compose.ts";
import { buildImage } from "../../usecases/images.ts";

export default class ImageBuild extends BaseCommand {
  static override summary = "Make the box image on this machine, from Debian packages";
  static override description =
    "Nothing is downloaded but Debian packages. What was built is kept in the cache and built again only when something in it changed.";
  static override examples = ["<%= config.bin %> image build", "<%= config.bin %> image build --fresh"];
  static override flags = { fresh: Flags.boolean({ summary: "Build again, with the packages of today" }) };

  async run() {
    const { flags } = await this.parse(ImageBuild);
    const deps = await this.deps(flags);
    const result = await buildImage({ ...deps, builder: await imageBuilder() }, { fresh: flags.fresh });
    this.print(`  ${result.names.join(", ")} ${result.built ? "is ready" : "is here already"}.`);
    return result;
  }
}
