import { DevboxError } from "../../core/errors.ts";
import { readSpec } from "../../core/spec.ts";
import type { Mismatch } from "../../core/reconcile.ts";
import type { EngineBox } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";

/**
 * Puts one mismatch right. Homes are never removed here, whatever is found.
 * @returns what was done, as a sentence
 */
export async function fixMismatch(deps: Deps, mismatch: Mismatch): Promise<string> {
  const { id, name } = mismatch;
  switch (mismatch.kind) {
    case "unregistered":
      await adopt(deps, mismatch);
      return `${name} is in the ledger again, from its container's labels`;
    case "box-gone": {
      // Its private volume is nobody's without the row, and the row is what knows it: so that goes last.
      const box = deps.ledger.boxById(id);
      if (box) await deps.engine.removeVolume(box.spec.private, id);
      deps.ledger.remove(id);
      return `${name}, of which nothing was left, is out of the ledger`;
    }
    case "orphan-private":
      await deps.engine.removeVolume(mismatch.volume, id);
      return `the volume ${mismatch.volume} of no box is removed`;
    case "other-container":
      deps.ledger.update(id, { containerId: mismatch.containerId });
      return `the ledger knows the container of ${name} again`;
    case "name-clash":
    case "container-gone":
    case "home-gone":
    case "not-running":
    case "not-stopped":
      throw new DevboxError("WRONG_STATE", `${name} needs a decision that is not the doctor's.`);
  }
}

/** Enters a container's box from its labels; limits are not asked, because it is there already. */
async function adopt(deps: Deps, { containerId }: { readonly containerId: string }): Promise<void> {
  const container = (await deps.engine.boxes()).find((box) => box.containerId === containerId);
  if (container === undefined) throw new DevboxError("BOX_NOT_FOUND", "the container is gone meanwhile.");
  deps.ledger.adopt(recordFrom(deps, container));
}

function recordFrom(deps: Deps, { containerId, identity, state, startedAt, exitedAt }: EngineBox) {
  if (identity.spec === undefined) {
    throw new DevboxError("LEDGER_CORRUPT", `the container of ${identity.name} has lost its creation spec.`, {
      next: [`Look at it: podman inspect ${containerId.slice(0, 12)}`],
    });
  }
  return {
    id: identity.id,
    name: identity.name,
    owner: identity.owner,
    desired: state === "running" ? ("running" as const) : ("stopped" as const),
    spec: readSpec(identity.spec),
    createdAt: identity.createdAt ?? deps.clock.now(),
    containerId,
    // The nearest thing to a last use that Podman remembers.
    lastUsedAt: exitedAt ?? startedAt,
  };
}
