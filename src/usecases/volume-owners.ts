import type { EngineVolume } from "../ports/engine.ts";
import type { Deps } from "./deps.ts";

/**
 * All volumes, each with whoever owns it now. A volume's labels cannot change, so the ledger keeps whose those are
 * that were handed over.
 */
export async function ownedVolumes(deps: Pick<Deps, "engine" | "ledger">): Promise<EngineVolume[]> {
  const volumes = await deps.engine.volumes();
  const owners = deps.ledger.volumeOwners();
  if (owners.size === 0) return volumes;
  return volumes.map((volume) => {
    const owner = owners.get(volume.name);
    return owner === undefined ? volume : { ...volume, identity: { ...volume.identity, owner } };
  });
}
