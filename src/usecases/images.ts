import { DevboxError } from "../core/errors.ts";
import { CONTRACT_LABEL, importChanges, KEY_LABEL } from "../core/image-contract.ts";
import { quote } from "../core/text.ts";
import type { EngineImage } from "../ports/engine.ts";
import type { ImageBuilder } from "../ports/image-builder.ts";
import type { Deps } from "./deps.ts";

type ImageDeps = Pick<Deps, "engine" | "progress" | "config">;

export interface BuildResult {
  readonly id: string;
  readonly names: readonly string[];
  /** Whether anything had to be built, or the image was here already. */
  readonly built: boolean;
}

/**
 * Makes the box image on this machine and gives it the configured name.
 * @throws {DevboxError} IMAGE_BUILD_FAILED, HOST_DISK, the ENGINE_ codes
 */
export async function buildImage(
  deps: ImageDeps & { readonly builder: ImageBuilder },
  input: { readonly fresh: boolean },
): Promise<BuildResult> {
  const { engine, progress, builder } = deps;
  const key = await builder.contentKey();
  const present = (await engine.images()).find((image) => image.key === key);
  if (present && !input.fresh) {
    await engine.tagImage(present.id, deps.config.image);
    return { id: present.id, names: [deps.config.image], built: false };
  }
  progress.begin("Root file system made");
  const root = await builder.build({
    fresh: input.fresh,
    onPhase: (line) => {
      progress.begin(line);
    },
  });
  progress.done(root.built ? undefined : "from the cache");

  progress.begin("Image imported");
  const exact = `localhost/devbox:${key.slice(0, 12)}`;
  const id = await engine.importImage(root.file, importChanges({ [KEY_LABEL]: key }), exact);
  await engine.tagImage(exact, deps.config.image);
  progress.done(`${exact}, ${deps.config.image}`);
  return { id, names: [exact, deps.config.image], built: true };
}

/**
 * Loads an image archive that keeps the image contract.
 * @throws {DevboxError} NO_SUCH_FILE, INVALID_SPEC when it is no box image, the ENGINE_ codes
 */
export async function loadImage(deps: ImageDeps, input: { readonly file: string }): Promise<{ names: string[] }> {
  deps.progress.begin("Image loaded");
  const names = await deps.engine.loadImage(input.file);
  const boxes = await deps.engine.images();
  const stranger = names.find((name) => !boxes.some((image) => image.names.includes(name)));
  if (names.length === 0 || stranger !== undefined) {
    throw new DevboxError("INVALID_SPEC", `${quote(stranger ?? input.file)} is no box image.`, {
      why: `It has no label ${CONTRACT_LABEL}; it was loaded all the same and can be removed with podman rmi.`,
      next: ["Read what a box image must keep: docs/image-contract.md"],
    });
  }
  deps.progress.done(names.join(", "));
  return { names };
}

/** Images that say they keep the contract, newest first. */
export async function listImages(deps: Pick<Deps, "engine">): Promise<EngineImage[]> {
  return (await deps.engine.images()).sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
}

/** The error for an image that is not on this host. @param why the engine's words, when it was asked to use it */
export function imageMissing(image: string, why?: string): DevboxError {
  return new DevboxError("IMAGE_NOT_FOUND", `the image ${quote(image)} is not on this host; images are never pulled.`, {
    why,
    next: ["Make the default one: devbox-ctl image build", "See what is here: devbox-ctl image list"],
  });
}
