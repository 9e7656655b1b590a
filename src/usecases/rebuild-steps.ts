import type { BoxRecord } from "../core/box.ts";
import { DevboxError, hasCode } from "../core/errors.ts";
import { objectNames } from "../core/labels.ts";
import type { OperationInput, OperationRecord } from "../core/operation.ts";
import type { Deps } from "./deps.ts";
import type { Step } from "./journal.ts";
import { readiness } from "./ready.ts";
import { joinSteps } from "./tailnet/join-step.ts";
import { keyOf } from "./tailnet/key.ts";
import { newContainer, STOP_GRACE } from "./steps.ts";

interface Rebuilding {
  /** Given the names of services as they become ready. */
  readonly ready?: string[];
  /** What is done when the new container is known to work, before it joins the tailnet. */
  readonly between?: readonly Step[];
}

/**
 * A new container on the box's volumes. The old one is set aside under another name until the new one is known to
 * work, and is what the box goes back to when it does not.
 */
export function rebuildSteps(deps: Deps, box: BoxRecord, input: OperationInput, options: Rebuilding = {}): Step[] {
  const { ready = [], between = [] } = options;
  const { previous, spec } = needInput(input);
  const readyIs = readiness(deps, box.id, ready);
  return [
    {
      name: "aside",
      title: "Old container set aside",
      run: async () => {
        await deps.engine.stopBox(previous.containerId, STOP_GRACE, box.id);
        await deps.engine.renameBox(previous.containerId, namesOf(deps, box).aside, box.id);
        return {};
      },
    },
    {
      name: "container",
      title: "Box made anew",
      run: async () => {
        await removeAllBut(deps, box, previous.containerId);
        // It runs in any case: that it works can only be seen when it does.
        const containerId = await deps.engine.createBox(await newContainer(deps, { ...box, spec }), true);
        return { detail: spec.image, change: { containerId, spec } };
      },
    },
    readyIs.shell,
    {
      name: "drop",
      title: "Old container removed",
      run: async () => {
        await deps.engine.removeContainer(previous.containerId, 0, box.id);
        return {};
      },
    },
    ...between,
    ...(input.before === "stopped"
      ? [stopAgain(deps, box)]
      : [...joinSteps(deps, box.id, { ready: readyIs, key: keyOf(deps, box.owner), strict: false }), readyIs.services]),
  ];
}

/** A box that was stopped is stopped again, now that it is known to start. */
function stopAgain(deps: Deps, box: BoxRecord): Step {
  return {
    name: "stop",
    title: "Stopped again",
    run: async () => {
      const { containerId = "" } = deps.ledger.boxById(box.id) ?? {};
      await deps.engine.stopBox(containerId, STOP_GRACE, box.id);
      return { change: { stoppedAt: deps.clock.now() } };
    },
  };
}

/**
 * Makes the box what it was before the rebuild: its old container, under its name, running if it ran.
 * A container that no longer starts is no reason to keep the operation open: the box is as it was, and `start` says why.
 */
export async function undoRebuild(
  deps: Deps,
  box: BoxRecord,
  operation: Pick<OperationRecord, "id" | "input">,
): Promise<void> {
  const { previous } = needInput(operation.input);
  const { containerId } = previous;
  const { before = "running" } = operation.input;
  if ((await deps.engine.inspect(containerId)) === undefined) {
    // Somebody removed it meanwhile; then the new one, whatever it is, is all there is.
    deps.ledger.finish(operation.id, box.id, { desired: before });
    // What is not recorded has to show its owner's tags again.
    if (operation.input.from !== undefined) deps.ledger.leaveDevices(box.id);
    return;
  }
  await removeAllBut(deps, box, containerId);
  const attempt = async (act: Promise<void>): Promise<void> => {
    try {
      await act;
    } catch (error) {
      if (!hasCode(error, "ENGINE_FAILED", "CONTAINER_GONE")) throw error;
      deps.progress.remark(`the old container of ${box.name}: ${error.why ?? error.message}`);
    }
  };
  await attempt(deps.engine.renameBox(containerId, namesOf(deps, box).own, box.id));
  if (before === "running") await attempt(deps.engine.startBox(containerId, box.id));
  const { from } = operation.input;
  const owner = from === undefined ? {} : { owner: from };
  deps.ledger.finish(operation.id, box.id, { containerId, spec: previous.spec, desired: before, ...owner });
}

/** Names of the box's container, and of the one that is set aside for it. */
function namesOf(deps: Deps, box: BoxRecord) {
  const own = objectNames(deps.config.engine.namespace, box.name, box.id).container;
  // No box's name has two hyphens in a row, so this is nobody's.
  return { own, aside: `${own}--before` };
}

/** Removes containers of the box that an earlier try has made. */
async function removeAllBut(deps: Deps, box: BoxRecord, containerId: string): Promise<void> {
  for (const other of await deps.engine.boxes()) {
    if (other.identity.id !== box.id || other.containerId === containerId) continue;
    await deps.engine.removeContainer(other.containerId, 0, box.id);
  }
}

function needInput({ previous, spec }: OperationInput) {
  if (previous !== undefined && spec !== undefined) return { previous, spec };
  throw new DevboxError("LEDGER_CORRUPT", "the journal of an operation does not say what it is about.", {
    next: ["devbox-ctl doctor"],
  });
}
