import { hasCode } from "../core/errors.ts";
import { contentName } from "../core/image-contract.ts";
import type { EngineImage } from "../ports/engine.ts";
import type { Deps } from "./deps.ts";
import { throwUnlessForAll } from "./owners.ts";

interface PrunedImage {
  readonly id: string;
  readonly names: readonly string[];
  /** Bytes, as the engine counts them; layers that other images share are counted too. */
  readonly size: number;
}

export interface PruneResult {
  readonly removed: readonly PrunedImage[];
  readonly dryRun: boolean;
}

/**
 * Removes box images that no box uses and nobody has given a name: those that a newer one has taken the name from. Other
 * people's images, and those of no box, are never looked at.
 * @throws {DevboxError} NOT_PERMITTED, the ENGINE_ codes
 */
export async function pruneImages(deps: Deps, { dryRun }: { readonly dryRun: boolean }): Promise<PruneResult> {
  throwUnlessForAll(deps.caller, "image prune");
  const [images, used] = await Promise.all([deps.engine.images(), deps.engine.usedImages()]);
  // A box whose container is gone is made again from the image that it names.
  const named = new Set([deps.config.image, ...deps.ledger.boxes().map(({ spec }) => spec.image)]);
  const isUsed = ({ id, names }: EngineImage) =>
    used.has(id) || names.some((name) => named.has(name)) || [...named].some((name) => isIdOf(name, id));
  const removed: PrunedImage[] = [];
  for (const image of images.filter((one) => !isUsed(one) && isNobodys(one))) {
    const { id, names, size } = image;
    if (dryRun || (await remove(deps, image))) removed.push({ id, names, size });
  }
  return { removed, dryRun };
}

/** `image build` gives each image the name of its contents, which nobody has chosen and nobody goes by. */
function isNobodys({ names, key }: EngineImage): boolean {
  return names.every((name) => key !== undefined && name === contentName(key));
}

function isIdOf(name: string, id: string): boolean {
  return /^(sha256:)?[0-9a-f]{12,64}$/.test(name) && id.startsWith(name.replace("sha256:", ""));
}

/** @returns false when it is in use after all: somebody has made a box of it just now */
async function remove(deps: Deps, { id }: EngineImage): Promise<boolean> {
  try {
    await deps.engine.removeImage(id);
    return true;
  } catch (error) {
    if (hasCode(error, "IMAGE_IN_USE")) return false;
    throw error;
  }
}
