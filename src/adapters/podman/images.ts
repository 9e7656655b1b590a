import { MINUTE } from "../../core/time.ts";
import type { ContainerEngine } from "../../ports/engine.ts";
import { CONTRACT_LABEL } from "../../core/image-contract.ts";
import { parseImages } from "./parse-info.ts";
import { type PodmanCommand, runPodman } from "./run.ts";

type ImageCalls = Pick<ContainerEngine, "images" | "imageExists" | "importImage" | "loadImage" | "tagImage">;

/** Importing copies some hundred megabytes; on a slow disk that takes minutes. */
const IMPORT_LIMIT = 20 * MINUTE;

/** Podman calls about images. */
export function imageCalls(command: PodmanCommand): ImageCalls {
  return {
    async images() {
      const { stdout } = await runPodman(command, [
        "images",
        "--format",
        "json",
        "--filter",
        `label=${CONTRACT_LABEL}`,
      ]);
      return parseImages(stdout);
    },

    async imageExists(image) {
      const { exitCode } = await runPodman(command, ["image", "exists", image], { allow: (code) => code === 1 });
      return exitCode === 0;
    },

    async importImage(file, changes, tag) {
      const args = ["import", "--quiet", ...changes.flatMap((change) => ["--change", change]), file, tag];
      const { stdout } = await runPodman(command, args, { timeout: IMPORT_LIMIT });
      return stdout.trim().replace(/^sha256:/, "");
    },

    async loadImage(file) {
      const { stdout } = await runPodman(command, ["load", "--quiet", "--input", file], { timeout: IMPORT_LIMIT });
      return stdout.split("\n").flatMap((line) => /^Loaded image(?:\(s\))?: (.+)$/.exec(line)?.[1]?.split(",") ?? []);
    },

    async tagImage(image, tag) {
      await runPodman(command, ["tag", image, tag]);
    },
  };
}
