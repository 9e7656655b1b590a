import * as Args from "@oclif/core/args";
import { BaseCommand, type BaseFlags } from "../../cli/base-command.ts";
import { sideOfBoundary } from "../../cli/boundary/crossing.ts";
import { loadAcross } from "../../cli/compose/orchestrator.ts";
import { requireFile } from "../../cli/compose.ts";
import { DevboxError } from "../../core/errors.ts";
import { loadImage, type LoadedImage } from "../../usecases/images.ts";

/** oclif would read standard input for an argument that is `-`; here it is the archive. */
const ignoreStdin = true;

export default class ImageLoad extends BaseCommand {
  static override summary = "Load a box image from an archive (docker-archive or oci-archive)";
  static override description = "- is standard input.";
  static override examples = ["<%= config.bin %> image load devbox.tar"];
  static override args = { file: Args.string({ required: true, ignoreStdin, description: "The archive, or -" }) };

  async run() {
    const { args, flags } = await this.parse(ImageLoad);
    const result = await this.loaded(flags, args.file);
    this.print(`  ${result.names.join(", ")} is loaded.`);
    if (result.missing !== null) {
      this.print(`  create takes ${result.missing}, which is not here: name this one in the configuration (image).`);
    }
    return { ...result, names: [...result.names] };
  }

  private async loaded(flags: BaseFlags, named: string): Promise<LoadedImage> {
    const side = sideOfBoundary();
    if (side?.side === "caller") {
      const [progress] = this.watch(flags);
      progress.begin("Image loaded");
      const result = await loadAcross(side.boundary, named === "-" ? "/dev/stdin" : requireFile(named));
      progress.done(result.names.join(", "));
      return result;
    }
    const deps = await this.deps(flags);
    if (side !== undefined && side.caller.via !== "account" && named !== "-") throw notHere();
    return loadImage(deps, { file: named === "-" ? named : requireFile(named) });
  }
}

function notHere(): DevboxError {
  return new DevboxError("NOT_PERMITTED", "your files are not on this side of the connection.", {
    why: "The archive is read from standard input here.",
    next: ["For example: ssh HOST image load - < FILE"],
  });
}
