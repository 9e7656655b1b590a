import { DevboxError } from "../core/errors.ts";
import { CONTRACT_LABEL, contentName, importChanges, KEY_LABEL, PARTS_LABEL } from "../core/image-contract.ts";
import { quote } from "../core/text.ts";
import type { EngineImage } from "../ports/engine.ts";
import type { ImageBuilder, ImageRequest } from "../ports/image-builder.ts";
import type { Deps } from "./deps.ts";
import { prepareImage } from "./image-copies.ts";

export interface BuildResult {
  readonly id: string;
  readonly names: readonly string[];
  /** Whether anything had to be built, or the image was here already. */
  readonly built: boolean;
  /** Names of what it was put together from. */
  readonly parts: readonly string[];
}

/**
 * Makes the box image on this machine and gives it the configured name.
 * @throws {DevboxError} IMAGE_BUILD_FAILED, INVALID_SPEC, HOST_DISK, the ENGINE_ codes
 */
export async function buildImage(
  deps: Deps & { readonly builder: ImageBuilder },
  input: { readonly request: ImageRequest; readonly fresh: boolean },
): Promise<BuildResult> {
  const { engine, progress, builder } = deps;
  const key = await builder.contentKey(input.request);
  const present = (await engine.images()).find((image) => image.key === key);
  if (present && !input.fresh) {
    await engine.tagImage(present.id, deps.config.image);
    await prepareImage(deps, present.id);
    return { id: present.id, names: [deps.config.image], built: false, parts: [...present.parts] };
  }
  const root = await buildRoot(deps, input);
  try {
    progress.begin("Image imported");
    const parts = root.parts.map(({ name }) => name);
    const exact = contentName(root.key);
    const labels = { [KEY_LABEL]: root.key, [PARTS_LABEL]: parts.join(",") };
    const id = await engine.importImage(root.file, importChanges(labels), exact);
    await engine.tagImage(exact, deps.config.image);
    progress.done(`${exact}, ${deps.config.image}`);
    await prepareImage(deps, id);
    return { id, names: [exact, deps.config.image], built: true, parts };
  } finally {
    root.discard();
  }
}

/** The builder's work, told part by part; the line that stays says how long each took. */
async function buildRoot(
  { progress, builder }: Parameters<typeof buildImage>[0],
  { request, fresh }: Parameters<typeof buildImage>[1],
) {
  const times: string[] = [];
  progress.begin("Root file system made");
  const root = await builder.build(request, {
    fresh,
    onEvent: (event) => {
      if (event.kind === "phase") {
        progress.begin(event.line);
      } else if (event.state === "begun") {
        progress.begin(`making ${event.part}`);
      } else if (event.state === "made") {
        times.push(`${event.part} ${String(event.seconds)} s`);
        progress.begin(`${event.part} made in ${String(event.seconds)} s`);
      }
    },
  });
  progress.done(times.join(", ") || "from parts kept from before");
  return root;
}

export interface LoadedImage {
  readonly names: readonly string[];
  /** The configured image, which is not here yet: `create` would not find it. Null when it is here. */
  readonly missing: string | null;
}

/**
 * Loads an image archive that keeps the image contract.
 * @throws {DevboxError} NO_SUCH_FILE, INVALID_SPEC when it is no box image, the ENGINE_ codes
 */
export async function loadImage(deps: Deps, input: { readonly file: string }): Promise<LoadedImage> {
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
  for (const name of names) await prepareImage(deps, name);
  const { image } = deps.config;
  return { names, missing: (await deps.engine.imageExists(image)) ? null : image };
}

/** Images that say they keep the contract, newest first. */
export async function listImages(deps: Pick<Deps, "engine">): Promise<EngineImage[]> {
  return (await deps.engine.images()).sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0));
}

/**
 * The error for an image that is not on this host.
 * @param why the engine's words, when it was asked to use it
 */
export function imageMissing(deps: Pick<Deps, "config" | "caller">, image: string, why?: string): DevboxError {
  // Images of a shared host are its administrators'.
  const canMakeOne = deps.config.host.serviceUser === null || deps.caller.admin;
  const make = canMakeOne
    ? "Make the default one: devbox-ctl image build"
    : "Ask an administrator to make or load it: devbox-ctl image build";
  return new DevboxError("IMAGE_NOT_FOUND", `the image ${quote(image)} is not on this host; images are never pulled.`, {
    why,
    next: [make, "See what is here: devbox-ctl image list"],
  });
}
