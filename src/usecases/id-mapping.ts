import { DevboxError } from "../core/errors.ts";
import { type IdMapping, mappingAt, MAPPING_SIZE, mappingsIn, slotOf } from "../core/id-mapping.ts";
import type { EngineFacts, EngineVolume } from "../ports/engine.ts";
import type { Deps } from "./deps.ts";

/** Whose ids are asked for, and the home that they are to own, if it exists. */
interface Needing {
  readonly owner: string;
  readonly home?: EngineVolume | undefined;
}

/**
 * The host ids of an owner's boxes: one range for each owner, so that a box that was broken out of is still nobody
 * to the host, to the account that runs the boxes, and to other owners' homes. [A-02]
 * The files of a home that exists have their owners already, and another range would make them nobody's.
 * @returns null for a home from before there were ranges
 * @throws {DevboxError} HOST_IDS when no range is left
 */
export async function mappingFor(deps: Deps, facts: EngineFacts, { owner, home }: Needing): Promise<IdMapping | null> {
  if (home !== undefined) return home.identity.ids ?? null;
  const slot = deps.ledger.mappingSlot(owner) ?? (await newSlot(deps, owner, facts));
  return mappingAt(slot, facts.rootless);
}

/** The account that runs the engine, whose subordinate ids they are; in personal mode the caller's own. */
export function engineUser({ config, caller }: Pick<Deps, "config" | "caller">): string {
  return config.host.serviceUser ?? caller.user;
}

async function newSlot(deps: Deps, owner: string, { rootless }: EngineFacts): Promise<number> {
  const subids = rootless ? deps.host.rootlessSetup(engineUser(deps)).subids : 0;
  const most = mappingsIn(subids, rootless);
  const slot = deps.ledger.takeMappingSlot(owner, await slotsOfOthers(deps, owner, rootless), most);
  if (slot !== undefined) return slot;
  throw new DevboxError("HOST_IDS", "no range of user ids is left for a new owner of boxes.", {
    why: `The account has ${String(subids)} subordinate ids; each owner needs ${String(MAPPING_SIZE)}.`,
    next: [
      "Give it more (as root): usermod --add-subuids 200000-16977215 --add-subgids 200000-16977215 USER",
      "Then: podman system migrate",
    ],
  });
}

/** Homes outlive boxes, and the ledger may have been lost: what volumes say is taken as well. */
async function slotsOfOthers(deps: Deps, owner: string, rootless: boolean): Promise<Set<number>> {
  const slots = (await deps.engine.volumes())
    .filter(({ identity }) => identity.owner !== owner && identity.ids !== undefined)
    .map(({ identity }) => (identity.ids === undefined ? undefined : slotOf(identity.ids, rootless)));
  return new Set(slots.filter((slot) => slot !== undefined));
}
