import type { BoxRecord } from "../core/box.ts";
import { nameOf } from "../core/device.ts";
import { DevboxError } from "../core/errors.ts";
import { formatSize } from "../core/size.ts";
import type { OperationInput, OperationRecord } from "../core/operation.ts";
import type { BoxChange } from "../ports/ledger.ts";
import { fillStep } from "./archives/fill-step.ts";
import type { Deps } from "./deps.ts";
import { allDone, type Step } from "./journal.ts";
import { handOverSteps } from "./hand-over-steps.ts";
import { readiness } from "./ready.ts";
import { rebuildSteps, undoRebuild } from "./rebuild-steps.ts";
import { joinsTailnet, joinSteps } from "./tailnet/join-step.ts";
import { type KeyOnce, keyOf, keyStep } from "./tailnet/key.ts";
import { settleStep } from "./tailnet/settle-step.ts";
import { leaveSteps, releaseOf, takeLeave } from "./tailnet/leave.ts";
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
  const up = () => readySteps(deps, box, { ready, key: keyOf(deps, box.owner), strict: false });
  switch (operation.kind) {
    case "create":
      return createSteps(deps, box, operation.input, ready);
    case "recreate":
      return [homeStep(deps, box), containerStep(deps, box, true), ...up()];
    case "start":
      return [startStep(deps, box), ...up()];
    case "stop":
      return [stopStep(deps, box)];
    case "restart":
      return [stopStep(deps, box), startStep(deps, box), ...up()];
    case "rebuild":
      return rebuildSteps(deps, box, operation.input, { ready });
    case "hand-over":
      return handOverSteps(deps, box, operation.input, ready);
    case "rotate":
      return [settleStep(deps, box)];
    case "destroy":
      return destroySteps(deps, box, operation.input.keepHome === true);
  }
}

function createSteps(deps: Deps, box: BoxRecord, { keepHome, archive }: OperationInput, ready: string[]): Step[] {
  const fill = archive === undefined ? [] : [fillStep(deps, box, archive)];
  const make = [volumesStep(deps, box, keepHome === true), ...fill, containerStep(deps, box, false)];
  if (box.desired !== "running") return make;
  const key = keyOf(deps, box.owner);
  const first = joinsTailnet(deps) ? [keyStep(deps, box.owner, key)] : [];
  return [...first, ...make, ...readySteps(deps, box, { ready, key, strict: true })];
}

interface Getting {
  /** Given the names of services as they become ready. */
  readonly ready: string[];
  readonly key: KeyOnce;
  /** Whether a box that cannot join the tailnet is a failure of the whole. */
  readonly strict: boolean;
}

/** From a started container to a box that can be used: let in, on the tailnet, its services answering. */
function readySteps(deps: Deps, box: BoxRecord, { ready, key, strict }: Getting): Step[] {
  const readyIs = readiness(deps, box.id, ready);
  return [readyIs.shell, ...joinSteps(deps, box.id, { ready: readyIs, key, strict }), readyIs.services];
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
    case "rotate":
      return {};
    case "rebuild":
    case "hand-over":
      return { desired: input.before ?? "running" };
    case "destroy":
      return "remove";
  }
}

/** Takes back what a create, a rebuild or a hand-over has done so far. */
export async function undo(
  deps: Deps,
  box: BoxRecord,
  operation: Pick<OperationRecord, "id" | "kind" | "input">,
): Promise<void> {
  await (operation.kind === "create" ? undoCreate(deps, box, operation) : undoRebuild(deps, box, operation));
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
  const unheard = await takeLeave(deps, deps.ledger.boxById(box.id) ?? box);
  await deps.engine.removeBox(box.id, 0, box.id);
  const pending = await releaseOf(deps, box, unheard);
  await removeVolumes(deps, box, operation.input.keepHome === true);
  deps.ledger.finish(operation.id, box.id, "remove");
  for (const { device, why } of pending) {
    deps.progress.remark(`the tailnet device ${nameOf(device)} is not proven gone, and will be tried again: ${why}`);
  }
}

async function removeVolumes(deps: Deps, box: BoxRecord, keepHome: boolean): Promise<void> {
  const names = keepHome ? [box.spec.private] : [box.spec.private, box.spec.home];
  await allDone(names.map((name) => deps.engine.removeVolume(name, box.id)));
  for (const name of names) deps.ledger.forgetVolume(name);
}

function destroySteps(deps: Deps, box: BoxRecord, keepHome: boolean): Step[] {
  const leave = leaveSteps(deps, box);
  return [
    ...leave.before,
    {
      name: "container",
      title: "Container removed",
      run: async () => {
        await deps.engine.removeBox(box.id, STOP_GRACE, box.id);
        return {};
      },
    },
    ...leave.after,
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
