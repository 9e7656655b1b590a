import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { imageBuilder } from "../../cli/compose.ts";
import { imageRequest, OPTIONAL_PARTS } from "../../cli/image-request.ts";
import { buildImage } from "../../usecases/images.ts";

export default class ImageBuild extends BaseCommand {
  static override summary = "Make the box image on this machine, from packages";
  static override description =
    "Debian packages, Go modules and npm packages are downloaded, by the tools and the settings of this machine, and nothing else. What was built is kept in the cache and built again only when something in it changed. docs/images.md says what the parts are and how long they take.";
  static override examples = [
    "<%= config.bin %> image build",
    "<%= config.bin %> image build --minimal",
    "<%= config.bin %> image build --without code-server --without runtimes",
    "<%= config.bin %> image build --zed-server ./zed-remote-server-stable-0.210.4.gz --zed-sha256 HEX",
    "<%= config.bin %> image build --fresh",
  ];
  static override flags = {
    minimal: Flags.boolean({ summary: "A shell and its tools alone: half a minute", exclusive: ["without"] }),
    without: Flags.option({
      options: OPTIONAL_PARTS,
      multiple: true,
      default: [],
      summary: "Leave a part out; may be repeated",
    })(),
    "zed-server": Flags.string({
      summary: "Zed's remote server: a file or an https:// address, gzip'd or not",
      dependsOn: ["zed-sha256"],
      exclusive: ["minimal"],
    }),
    "zed-sha256": Flags.string({ summary: "SHA-256 of that file, in hex", dependsOn: ["zed-server"] }),
    "zed-name": Flags.string({
      summary: "What Zed calls it, where the file is called otherwise (zed-remote-server-CHANNEL-VERSION)",
      dependsOn: ["zed-server"],
    }),
    fresh: Flags.boolean({ summary: "Build again, with Debian's packages of today" }),
  };

  async run() {
    const { flags } = await this.parse(ImageBuild);
    const deps = await this.deps(flags);
    const input = { request: imageRequest(flags), fresh: flags.fresh };
    const result = await buildImage({ ...deps, builder: await imageBuilder() }, input);
    this.print(`  ${result.names.join(", ")} ${result.built ? "is ready" : "is here already"}.`);
    return result;
  }
}
