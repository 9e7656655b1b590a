import { mappingAt } from "../core/id-mapping.ts";
import { checkImageName } from "../core/image-name.ts";
import { count } from "../core/text.ts";
import type { Deps } from "./deps.ts";
import { engineFacts } from "./engine-facts.ts";
import { mappingFor } from "./id-mapping.ts";
import { imageMissing } from "./images.ts";
import { throwUnlessForAll } from "./owners.ts";

/**
 * Makes what an image needs for the ids of every owner who has boxes here, and of those who may have some, so that no
 * create waits for it. Rootless native overlay keeps a copy of the image for each; root's Podman and fuse-overlayfs
 * need none.
 * @returns for how many ranges of ids
 * @throws {DevboxError} HOST_IDS when there are more users than ranges, the ENGINE_ codes
 */
export async function prepareImage(deps: Deps, image: string): Promise<number> {
  const facts = await engineFacts(deps);
  if (!facts.rootless) return 0;
  for (const owner of possibleOwners(deps)) await mappingFor(deps, facts, { owner });
  const slots = deps.ledger.mappingSlots();
  deps.progress.begin(`${image} ready for its owners`);
  for (const slot of slots) await deps.engine.prepareImage(image, mappingAt(slot, facts.rootless));
  deps.progress.done(count(slots.length, "range of ids", "ranges of ids"));
  return slots.length;
}

/** On a shared host the configured users; the account that runs the boxes has none. */
function possibleOwners({ config, caller }: Deps): string[] {
  return config.host.serviceUser === null ? [caller.user] : Object.keys(config.users).sort();
}

export interface Prepared {
  readonly image: string;
  /** Ranges of ids that it is ready for; 0 where none are needed. */
  readonly ranges: number;
}

/**
 * Gives all configured users their ranges of ids, and makes the copies of images that those need.
 * @param input.images names or ids; none: the configured image
 * @throws {DevboxError} NOT_PERMITTED, INVALID_SPEC, IMAGE_NOT_FOUND, HOST_IDS, the ENGINE_ codes
 */
export async function prepareImages(deps: Deps, input: { readonly images: readonly string[] }): Promise<Prepared[]> {
  throwUnlessForAll(deps.caller, "image prepare");
  const images = input.images.length === 0 ? [deps.config.image] : [...new Set(input.images)];
  for (const image of images)
    if (!(await deps.engine.imageExists(checkImageName(image)))) throw imageMissing(deps, image);
  const prepared: Prepared[] = [];
  for (const image of images) prepared.push({ image, ranges: await prepareImage(deps, image) });
  return prepared;
}
