import { DevboxError } from "../../core/errors.ts";
import { LABEL } from "../../core/labels.ts";
import { MINUTE } from "../../core/time.ts";
import type { ContainerEngine } from "../../ports/engine.ts";
import { CONTRACT_LABEL } from "../../core/image-contract.ts";
import { idArguments } from "./arguments.ts";
import { parseImages, parseImageSettings, parseUsedImages } from "./parse-info.ts";
import { classify, type PodmanCommand, runPodman, words } from "./run.ts";

type ImageCalls = Pick<
  ContainerEngine,
  | "images"
  | "imageSettings"
  | "imageExists"
  | "prepareImage"
  | "importImage"
  | "loadImage"
  | "tagImage"
  | "usedImages"
  | "removeImage"
>;

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

    async imageSettings(image) {
      const args = ["image", "inspect", image];
      const { exitCode, stdout, stderr } = await runPodman(command, args, { allow: () => true });
      if (exitCode === 0) return parseImageSettings(stdout);
      if (/image not known|no such (image|object)/i.test(stderr)) return undefined;
      throw classify(args, stderr, exitCode);
    },

    async imageExists(image) {
      const { exitCode } = await runPodman(command, ["image", "exists", image], { allow: (code) => code === 1 });
      return exitCode === 0;
    },

    async prepareImage(image, idmap) {
      // Podman makes the copy for a container, and keeps it when that goes. An image may carry labels of ours: without
      // the namespace the container is nobody's box, whatever they say.
      const nobodys = `--label=${LABEL.namespace}=`;
      const args = ["create", "--pull=never", "--network=none", nobodys, ...idArguments(idmap), image];
      const { stdout } = await runPodman(command, args, { timeout: IMPORT_LIMIT });
      await runPodman(command, ["rm", "--force", "--time", "0", stdout.trim()]);
    },

    async importImage(file, changes, tag) {
      const args = ["import", "--quiet", ...changes.flatMap((change) => ["--change", change]), file, tag];
      const { stdout } = await runPodman(command, args, { timeout: IMPORT_LIMIT });
      return stdout.trim().replace(/^sha256:/, "");
    },

    async loadImage(file) {
      const from = file === "-" ? [] : ["--input", file];
      const options = { timeout: IMPORT_LIMIT, ownInput: file === "-" };
      const { stdout } = await runPodman(command, ["load", "--quiet", ...from], options);
      return stdout.split("\n").flatMap((line) => /^Loaded image(?:\(s\))?: (.+)$/.exec(line)?.[1]?.split(",") ?? []);
    },

    async usedImages() {
      const { stdout } = await runPodman(command, ["ps", "--all", "--no-trunc", "--format", "json"]);
      return parseUsedImages(stdout);
    },

    async removeImage(imageId) {
      const args = ["rmi", imageId];
      const { exitCode, stderr } = await runPodman(command, args, { allow: () => true });
      if (exitCode === 0 || /image not known|no such image/i.test(stderr)) return;
      if (!/image (is )?used by|in use/i.test(stderr)) throw classify(args, stderr, exitCode);
      throw new DevboxError("IMAGE_IN_USE", "the image is in use.", {
        why: words(stderr),
        next: ["devbox-ctl image list"],
      });
    },

    async tagImage(image, tag) {
      await runPodman(command, ["tag", image, tag]);
    },
  };
}
