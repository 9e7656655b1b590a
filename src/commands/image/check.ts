import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { trialEngine } from "../../cli/compose/engine.ts";
import { imageCheckJson, presentImageCheck } from "../../cli/present/image-check.ts";
import { styleFor } from "../../cli/style.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { checkImage } from "../../usecases/image-check/check.ts";

export default class ImageCheck extends BaseCommand {
  static override summary = "Try whether an image keeps the image contract";
  static override description =
    "A box is made from it, tried, and removed again; it takes no slot. What the contract asks is in docs/image-contract.md.";
  static override examples = ["<%= config.bin %> image check", "<%= config.bin %> image check localhost/our-box:2"];
  static override args = { image: Args.string({ description: "Image; left out, the configured one" }) };

  async run() {
    const { args, flags } = await this.parse(ImageCheck);
    const deps = await this.deps(flags);
    const image = args.image ?? deps.config.image;
    const result = await checkImage({ ...deps, trial: trialEngine(deps.config) }, { image });
    this.print(presentImageCheck(styleFor(process.stdout), result));
    if (result.problems > 0) process.exitCode = EXIT.partial;
    return imageCheckJson(result);
  }
}
