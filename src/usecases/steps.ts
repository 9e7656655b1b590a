import type { BoxRecord } from "../core/box.ts";
import { DevboxError } from "../core/errors.ts";
import { IMAGE } from "../core/image-contract.ts";
import { labelsOf, objectNames } from "../core/labels.ts";
import { formatSize } from "../core/size.ts";
import type { NewContainer } from "../ports/engine.ts";
import { containerGone } from "./access.ts";
import type { Deps } from "./deps.ts";
import { unenforcedLimits } from "./engine-facts.ts";
import { allDone, type Step } from "./journal.ts";

/** Seconds that a box is given to become ready; a cold one on a slow disk takes a few. */
const READY_LIMIT = 60;

/** Seconds that a box is given to end by itself; the image promises to be through before. */
export const STOP_GRACE = IMAGE.stopTimeoutSeconds;

/** The box's volumes; an adopted home exists and is taken as it is. */
export function volumesStep(deps: Deps, box: BoxRecord, adoptHome: boolean): Step {
  const { namespace } = deps.config.engine;
  return {
    name: "volumes",
    title: "Volumes ready",
    run: async () => {
      const home = labelsOf(namespace, "home", box);
      await allDone([
        createPrivateVolume(deps, box),
        ...(adoptHome ? [] : [deps.engine.createVolume(box.spec.home, home, box.id)]),
      ]);
      return { detail: adoptHome ? `home ${box.spec.home}` : undefined };
    },
  };
}

/** Makes the volume that `dev` cannot read. */
export async function createPrivateVolume(deps: Deps, box: BoxRecord): Promise<void> {
  await deps.engine.createVolume(box.spec.private, labelsOf(deps.config.engine.namespace, "private", box), box.id);
}

/**
 * The box's container, made and, if it is to run, started in the same call.
 * @param replace whether one of an earlier try may be there and has to go first
 */
export function containerStep(deps: Deps, box: BoxRecord, replace: boolean): Step {
  return {
    name: "container",
    title: box.desired === "running" ? "Box created and started" : "Box created",
    run: async () => {
      if (replace) await deps.engine.removeBox(box.id, 0, box.id);
      const containerId = await deps.engine.createBox(await newContainer(deps, box), box.desired === "running");
      const { cpus, memory, image } = box.spec;
      const detail = `${String(cpus)} ${cpus === 1 ? "core" : "cores"} · ${formatSize(memory)} · ${image}`;
      return { detail, change: { containerId } };
    },
  };
}

async function newContainer(deps: Deps, box: BoxRecord): Promise<NewContainer> {
  const { namespace } = deps.config.engine;
  return {
    name: objectNames(namespace, box.name, box.id).container,
    hostname: box.name,
    spec: box.spec,
    labels: labelsOf(namespace, "box", box),
    unenforced: await unenforcedLimits(deps),
    token: box.id,
  };
}

export function startStep(deps: Deps, box: BoxRecord): Step {
  return {
    name: "start",
    title: "Started",
    run: async () => {
      await deps.engine.startBox(needContainer(box), box.id);
      return {};
    },
  };
}

export function stopStep(deps: Deps, box: BoxRecord): Step {
  return {
    name: "stop",
    title: "Stopped",
    run: async () => {
      await deps.engine.stopBox(needContainer(box), STOP_GRACE, box.id);
      return { change: { stoppedAt: deps.clock.now() } };
    },
  };
}

/** Waits until the box can be used. Read at run time, because a step before may have made the container. */
export function readyStep(deps: Deps, boxId: string): Step {
  return {
    name: "ready",
    title: "Ready",
    run: async () => {
      const box = deps.ledger.boxById(boxId);
      if (box === undefined) throw new DevboxError("BOX_NOT_FOUND", "the box is gone.");
      const problems = await deps.engine.waitReady(needContainer(box), READY_LIMIT, boxId);
      if (problems.length === 0) return {};
      throw new DevboxError("NOT_READY", `${box.name} did not become ready.`, {
        why: problems.join("\n"),
        next: [`devbox-ctl logs ${box.name}`, `devbox-ctl restart ${box.name}`],
      });
    },
  };
}

function needContainer(box: BoxRecord): string {
  if (box.containerId === undefined) throw containerGone(box.name);
  return box.containerId;
}
