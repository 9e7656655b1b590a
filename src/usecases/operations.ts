import type { BoxRecord } from "../core/box.ts";
import { DevboxError } from "../core/errors.ts";
import { formatSize } from "../core/size.ts";
import type { OperationRecord } from "../core/operation.ts";
import type { BoxChange } from "../ports/ledger.ts";
import type { Deps } from "./deps.ts";
import { allDone, type Step } from "./journal.ts";
import { readySteps } from "./ready.ts";
import { rebuildSteps, undoRebuild } from "./rebuild-steps.ts";
import { containerStep, createPrivateVolume, startStep, stopStep, STOP_GRACE, volumesStep } from "./steps.ts";

/**
 * The steps of an operation, in order; the same whether it is done for the first time or carried on.
 * @param ready is given the names of services as they become ready
 */
export function stepsOf(
  deps: Deps,
  box: BoxRecord,
  operation: Pick<OperationRecord, "kind" | "input">,
  ready: string[] = [],
): Step[] {
  switch (operation.kind) {
    case "create":
      return [
        volumesStep(deps, box, operation.input.keepHome === true),
        containerStep(deps, box, false),
        ...(box.desired === "running" ? readySteps(deps, box.id, ready) : []),
      ];
    case "recreate":
      return [homeStep(deps, box), containerStep(deps, box, true), ...readySteps(deps, box.id, ready)];
    case "start":
      return [startStep(deps, box), ...readySteps(deps, box.id, ready)];
    case "stop":
      return [stopStep(deps, box)];
    case "restart":
      return [stopStep(deps, box), startStep(deps, box), ...readySteps(deps, box.id, ready)];
    case "rebuild":
      return rebuildSteps(deps, box, operation.input);
    case "destroy":
      return destroySteps(deps, box, operation.input.keepHome === true);
  }
}

/** What the ledger is told when an operation is through. */
export function outcomeOf({ kind, input }: Pick<OperationRecord, "kind" | "input">): BoxChange | "remove" {
  switch (kind) {
    case "create":
      return { phase: "ready" };
    case "start":
    case "restart":
    case "recreate":
      return { stoppedAt: null };
    case "stop":
      return {};
    case "rebuild":
      return { desired: input.before ?? "running" };
    case "destroy":
      return "remove";
  }
}

/** Takes back what a create or a rebuild has done so far. */
export async function undo(
  deps: Deps,
  box: BoxRecord,
  operation: Pick<OperationRecord, "id" | "kind" | "input">,
): Promise<void> {
  await (operation.kind === "rebuild" ? undoRebuild(deps, box, operation) : undoCreate(deps, box, operation));
}

/**
 * Takes a create back: container, volumes that it made, and last of all the slot.
 * What cannot be removed keeps the operation open, so that it is never forgotten.
 */
export async function undoCreate(
  deps: Deps,
  box: BoxRecord,
  operation: Pick<OperationRecord, "id" | "input">,
): Promise<void> {
  await deps.engine.removeBox(box.id, 0, box.id);
  await removeVolumes(deps, box, operation.input.keepHome === true);
  deps.ledger.finish(operation.id, box.id, "remove");
}

async function removeVolumes(deps: Deps, box: BoxRecord, keepHome: boolean): Promise<void> {
  const names = keepHome ? [box.spec.private] : [box.spec.private, box.spec.home];
  await allDone(names.map((name) => deps.engine.removeVolume(name, box.id)));
}

function destroySteps(deps: Deps, box: BoxRecord, keepHome: boolean): Step[] {
  return [
    {
      name: "container",
      title: "Container removed",
      run: async () => {
        await deps.engine.removeBox(box.id, STOP_GRACE, box.id);
        return {};
      },
    },
    {
      name: "volumes",
      title: keepHome ? "Home kept" : "Home removed",
      run: async () => {
        await removeVolumes(deps, box, keepHome);
        return { detail: keepHome ? box.spec.home : undefined };
      },
    },
    { name: "verify", title: "Nothing left", run: () => verifyGone(deps, box, keepHome) },
  ];
}

/** Asks the engine, whatever it answered to the removals, whether anything of the box is there. [E-05] */
async function verifyGone(deps: Deps, box: BoxRecord, keepHome: boolean): Promise<{ detail?: string }> {
  const [boxes, volumes] = await Promise.all([deps.engine.boxes(), deps.engine.volumes()]);
  const left = [
    ...boxes.filter((b) => b.identity.id === box.id).map((b) => `container ${b.containerId.slice(0, 12)}`),
    ...volumes
      .filter((v) => v.name === box.spec.private || (!keepHome && v.name === box.spec.home))
      .map((v) => `volume ${v.name}`),
  ];
  if (left.length === 0) return {};
  throw new DevboxError("PARTIAL", `${box.name} is not wholly gone.`, {
    why: `Left: ${left.join(", ")}.`,
    next: [`Run it again: devbox-ctl destroy ${box.name}`, "devbox-ctl doctor --fix"],
  });
}

/** A recreate is only worth its name on the home that is there. */
function homeStep(deps: Deps, box: BoxRecord): Step {
  return {
    name: "home",
    title: "Home found",
    run: async () => {
      const volumes = await deps.engine.volumes();
      const home = volumes.find((volume) => volume.name === box.spec.home);
      if (home === undefined) throw homeGone(box);
      if (!volumes.some((volume) => volume.name === box.spec.private)) await createPrivateVolume(deps, box);
      const size = (await deps.engine.volumeSizes([home])).get(home.name);
      return { detail: size === undefined ? home.name : `${home.name} (${formatSize(size)})` };
    },
  };
}

/** The engine would make an empty volume in its place without a word, so this is looked for and said. */
function homeGone(box: BoxRecord): DevboxError {
  return new DevboxError(
    "CONTAINER_GONE",
    `the home of ${box.name} is gone as well; there is nothing to recreate it on.`,
    {
      why: `Podman has no volume ${box.spec.home}.`,
      next: [`devbox-ctl destroy ${box.name}`, `devbox-ctl create ${box.name}`],
    },
  );
}
