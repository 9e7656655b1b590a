import { DevboxError, hasCode } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { quote } from "../core/text.ts";
import type { Millis } from "../core/time.ts";
import type { EngineVolume } from "../ports/engine.ts";
import { mayUse, visibleBoxes } from "./access.ts";
import type { Deps } from "./deps.ts";
import { ownersIn, type Scope } from "./owners.ts";
import { requireOwner } from "./users/deps.ts";
import { ownedVolumes } from "./volume-owners.ts";

export interface ListedVolume {
  readonly name: string;
  readonly owner: string;
  /** Name of the box whose home it is, or undefined for one that was kept. */
  readonly box: string | undefined;
  /** Name of the box it was made for. */
  readonly madeFor: string;
  readonly createdAt: Millis | undefined;
  /** Bytes on disk; undefined when that could not be read. */
  readonly size: number | undefined;
}

/**
 * The caller's home volumes, or those that an administrator asks for: those of boxes and those that were kept.
 * @throws {DevboxError} NOT_PERMITTED, USER_NOT_FOUND, the ENGINE_ codes
 */
export async function listVolumes(deps: Deps, scope: Scope = {}): Promise<ListedVolume[]> {
  const homes = await homesOf(deps, ownersIn(deps.caller, scope));
  requireOwner(deps, scope, homes.length);
  const sizes = await deps.engine.volumeSizes(homes);
  const users = new Map(visibleBoxes(deps).map((box) => [box.spec.home, box.name]));
  return homes
    .map((volume) => ({
      name: volume.name,
      owner: volume.identity.owner,
      box: users.get(volume.name),
      madeFor: volume.identity.name,
      createdAt: volume.createdAt,
      size: sizes.get(volume.name),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function homesOf(deps: Deps, isMeant: (owner: string) => boolean): Promise<EngineVolume[]> {
  const volumes = await ownedVolumes(deps);
  return volumes.filter((v) => v.identity.kind === "home" && isMeant(v.identity.owner));
}

/**
 * The caller's home volume of that name, if it can be removed.
 * @throws {DevboxError} VOLUME_NOT_FOUND or VOLUME_IN_USE
 */
export async function findVolume(deps: Deps, name: string): Promise<EngineVolume> {
  const homes = await homesOf(deps, (owner) => mayUse(deps.caller, owner));
  const volume = homes.find((home) => home.name === name);
  if (volume === undefined) throw noSuchVolume(name, homes);
  const user = deps.ledger.boxes().find((box) => box.spec.home === volume.name);
  if (user) throw inUse(volume.name, mayUse(deps.caller, user.owner) ? user.name : undefined);
  return volume;
}

/**
 * Removes a home volume that no box uses, and all that is in it.
 * @throws {DevboxError} VOLUME_NOT_FOUND, VOLUME_IN_USE, the ENGINE_ codes
 */
export async function removeVolume(deps: Deps, input: { readonly name: string }): Promise<{ name: string }> {
  const volume = await findVolume(deps, input.name);
  try {
    await deps.engine.removeVolume(volume.name, volume.identity.id);
  } catch (error) {
    throw hasCode(error, "VOLUME_IN_USE") ? inUse(volume.name, undefined, error) : error;
  }
  deps.ledger.forgetVolume(volume.name);
  return { name: volume.name };
}

function noSuchVolume(name: string, homes: readonly EngineVolume[]): DevboxError {
  const near = nearest(
    name,
    homes.map((home) => home.name),
  );
  return new DevboxError("VOLUME_NOT_FOUND", `you have no home volume named ${quote(name)}.`, {
    next: [...(near === undefined ? [] : [`Did you mean ${near}?`]), "See yours: devbox-ctl volume list"],
  });
}

function inUse(name: string, box: string | undefined, cause?: DevboxError): DevboxError {
  return new DevboxError(
    "VOLUME_IN_USE",
    `${quote(name)} is in use${box === undefined ? "" : ` as the home of ${box}`}.`,
    {
      why: cause?.why,
      next: box === undefined ? ["devbox-ctl doctor"] : [`Destroy the box with it: devbox-ctl destroy ${box}`],
    },
  );
}
