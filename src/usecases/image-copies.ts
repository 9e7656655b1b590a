import { mappingAt } from "../core/id-mapping.ts";
import { count } from "../core/text.ts";
import type { Deps } from "./deps.ts";
import { engineFacts } from "./engine-facts.ts";
import { mappingFor } from "./id-mapping.ts";

/**
 * Makes what an image needs for the ids of every owner who has boxes here, and of the caller, so that no create waits
 * for it. Rootless native overlay keeps a copy of the image for each; root's Podman and fuse-overlayfs need none.
 */
export async function prepareImage(deps: Deps, image: string): Promise<void> {
  const facts = await engineFacts(deps);
  if (!facts.rootless) return;
  await mappingFor(deps, facts, undefined);
  const slots = deps.ledger.mappingSlots();
  deps.progress.begin("Ready for its owners");
  for (const slot of slots) await deps.engine.prepareImage(image, mappingAt(slot, facts.rootless));
  deps.progress.done(count(slots.length, "range of ids", "ranges of ids"));
}
