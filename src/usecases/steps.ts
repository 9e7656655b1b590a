import type { BoxRecord } from "../core/box.ts";
import { DevboxError } from "../core/errors.ts";
import { IMAGE } from "../core/image-contract.ts";
import { labelsOf, objectNames } from "../core/labels.ts";
import { formatSize } from "../core/size.ts";
import type { EngineFacts, NewContainer } from "../ports/engine.ts";
import { containerGone } from "./access.ts";
import type { Deps } from "./deps.ts";
import { engineFacts, unenforcedBy } from "./engine-facts.ts";
import { allDone, type Step } from "./journal.ts";

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

export async function newContainer(deps: Deps, box: BoxRecord): Promise<NewContainer> {
  const { namespace } = deps.config.engine;
  const facts = await engineFacts(deps);
  return {
    name: objectNames(namespace, box.name, box.id).container,
    hostname: box.name,
    spec: box.spec,
    labels: labelsOf(namespace, "box", box),
    unenforced: unenforcedBy(facts),
    network: needNetwork(facts),
    token: box.id,
  };
}

/** @throws {DevboxError} ENGINE_FAILED when nothing here can give a box a network of its own */
function needNetwork({ boxNetwork, version }: EngineFacts): NewContainer["network"] {
  if (boxNetwork !== undefined) return boxNetwork;
  throw new DevboxError("ENGINE_FAILED", "there is nothing to give a box a network of its own.", {
    why: `Podman ${version} finds neither pasta nor slirp4netns; on a shared bridge boxes could reach each other.`,
    next: ["Install one: apt-get install passt (Podman 5), or slirp4netns", "devbox-ctl doctor"],
  });
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

export function needContainer(box: BoxRecord): string {
  if (box.containerId === undefined) throw containerGone(box.name);
  return box.containerId;
}
