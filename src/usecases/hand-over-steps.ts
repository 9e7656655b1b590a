import type { BoxRecord } from "../core/box.ts";
import { DevboxError } from "../core/errors.ts";
import type { OperationInput } from "../core/operation.ts";
import type { Deps } from "./deps.ts";
import type { Step } from "./journal.ts";
import { rebuildSteps } from "./rebuild-steps.ts";
import { leaveSteps } from "./tailnet/leave.ts";
import { forgetNode } from "./tailnet/node.ts";

/**
 * A new container with the labels of the new owner, on the same volumes; then the old owner's device leaves the tailnet,
 * and the box joins it with the key and the tags of the new one.
 * @param box as it is from now on: the new owner's
 */
export function handOverSteps(deps: Deps, box: BoxRecord, input: OperationInput, ready: string[]): Step[] {
  const { from } = input;
  if (from === undefined) {
    throw new DevboxError("LEDGER_CORRUPT", "the journal of a hand-over does not say whose the box was.", {
      next: ["devbox-ctl doctor"],
    });
  }
  return rebuildSteps(deps, box, input, { ready, between: leave(deps, box, from) });
}

/** The steps in which the device of the old owner goes, told by the box while it runs. */
function leave(deps: Deps, box: BoxRecord, from: string): Step[] {
  const current = (): BoxRecord => ({ ...(deps.ledger.boxById(box.id) ?? box), owner: from });
  const names = leaveSteps(deps, box);
  const [before] = names.before;
  const [after] = names.after;
  if (before === undefined || after === undefined) return [];
  const leaving = () => leaveSteps(deps, current());
  return [
    {
      ...before,
      run: async () => {
        // Read at run time: the container is another one than the one that the box had.
        const result = await leaving().before[0]?.run();
        await forget(deps, current());
        return result ?? {};
      },
    },
    {
      ...after,
      run: async () => {
        const { detail, problem } = (await leaving().after[0]?.run()) ?? {};
        if (problem) deps.progress.remark(`the device of ${from} is not proven gone, and will be tried again`);
        return { detail };
      },
    },
  ];
}

/** A control plane that did not answer left the box logged in as the old owner's: whatever it is, it logs in anew. */
async function forget(deps: Deps, { containerId, ...box }: BoxRecord): Promise<void> {
  if (containerId === undefined) return;
  try {
    await forgetNode(deps, { ...box, containerId });
  } catch (error) {
    // It is not the old owner's for that: with their tags it is not let stay, see join.
    if (!(error instanceof DevboxError)) throw error;
  }
}
