import type { ArchiveRecord } from "../core/lifecycle/records.ts";
import { mayUse, visibleBoxes } from "./access.ts";
import { knownArchives } from "./archives/known.ts";
import type { Deps } from "./deps.ts";
import { ownedVolumes } from "./volume-owners.ts";

/** Whose names can be asked for. */
export const NAME_KINDS = ["boxes", "volumes", "images", "archives", "archived"] as const;

/**
 * Names that can be given to commands, for completion: the caller's boxes (asked of the ledger alone, so that it is
 * quick), homes that no box uses, box images, archives, and the boxes that those are of.
 * @throws {DevboxError} the ENGINE_ codes, for volumes and images
 */
export async function names(deps: Deps, kind: (typeof NAME_KINDS)[number]): Promise<string[]> {
  switch (kind) {
    case "boxes":
      return visibleBoxes(deps).map((box) => box.name);
    case "volumes":
      return unusedHomes(deps);
    case "images":
      return (await deps.engine.images()).flatMap((image) => image.names);
    case "archives":
      return (await ownArchives(deps)).map(({ id }) => id);
    case "archived":
      return [...new Set((await ownArchives(deps)).map(({ boxName }) => boxName))];
  }
}

function ownArchives(deps: Deps): Promise<ArchiveRecord[]> {
  return knownArchives(deps, (owner) => mayUse(deps.caller, owner));
}

async function unusedHomes(deps: Deps): Promise<string[]> {
  const used = new Set(deps.ledger.boxes().map((box) => box.spec.home));
  const volumes = await ownedVolumes(deps);
  return volumes
    .filter(({ name, identity }) => identity.kind === "home" && mayUse(deps.caller, identity.owner) && !used.has(name))
    .map(({ name }) => name);
}
