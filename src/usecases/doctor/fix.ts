import { DevboxError } from "../../core/errors.ts";
import type { Mismatch } from "../../core/reconcile.ts";
import { adopt } from "../adopt.ts";
import type { Deps } from "../deps.ts";

/**
 * Puts one mismatch right. Homes are never removed here, whatever is found.
 * @returns what was done, as a sentence
 */
export async function fixMismatch(deps: Deps, mismatch: Mismatch): Promise<string> {
  const { id, name } = mismatch;
  switch (mismatch.kind) {
    case "unregistered":
      await adopt(deps, mismatch.containerId);
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
    case "paused":
    case "in-between":
      throw new DevboxError("WRONG_STATE", `${name} needs a decision that is not the doctor's.`);
  }
}
