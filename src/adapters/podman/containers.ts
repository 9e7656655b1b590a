import { setTimeout } from "node:timers/promises";
import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { LABEL } from "../../core/labels.ts";
import { printable, quote } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { ContainerEngine } from "../../ports/engine.ts";
import { createArguments } from "./arguments.ts";
import { startThoroughly, stopThoroughly } from "./between-states.ts";
import { hookArguments, type NetworkHook } from "./network-hook.ts";
import { parseBoxes, parseCounters, parseInspect, parseStats } from "./parse-containers.ts";
import { classify, type PodmanCommand, runPodman, type RunOptions, words } from "./run.ts";

/** Settings of the engine that boxes are made with. */
export interface PodmanSettings {
  readonly namespace: string;
  readonly runtime: string | null;
  readonly hook: NetworkHook;
}

type ContainerCalls = Pick<
  ContainerEngine,
  | "boxes"
  | "inspect"
  | "usage"
  | "counters"
  | "createBox"
  | "startBox"
  | "stopBox"
  | "removeBox"
  | "removeContainer"
  | "renameBox"
  | "waitReady"
>;

/** Podman calls that change or list containers. */
export function containerCalls(command: PodmanCommand, settings: PodmanSettings): ContainerCalls {
  const { namespace } = settings;
  /** Time limit of a call that waits for a box to end first. */
  const patient = (grace: number) => command.timeout + grace * SECOND;
  return {
    async boxes() {
      const { stdout } = await runPodman(command, listArguments(namespace));
      return parseBoxes(namespace, stdout);
    },

    async inspect(containerId) {
      const result = await runPodman(command, ["inspect", "--type", "container", containerId], {
        allow: (code) => code === 125 || code === 1,
      });
      if (result.exitCode === 0) return parseInspect(result.stdout);
      // 125 is every failure of inspect; only these words mean that the container is not there.
      if (/no such (container|object)/i.test(result.stderr)) return undefined;
      throw new DevboxError("ENGINE_FAILED", "podman inspect failed.", {
        why: words(result.stderr),
        next: ["devbox-ctl doctor"],
      });
    },

    async usage(containerIds) {
      if (containerIds.length === 0) return new Map();
      const result = await runPodman(command, ["stats", "--no-stream", "--format", "json", ...containerIds], {
        // A box that stopped between listing and this makes podman fail for all of them: no figures then.
        allow: () => true,
      });
      const byShortId = result.exitCode === 0 ? parseStats(result.stdout) : new Map<string, never>();
      return new Map(
        containerIds.flatMap((id) => {
          const usage = byShortId.get(id.slice(0, 12));
          return usage === undefined ? [] : [[id, usage] as const];
        }),
      );
    },

    async counters(containerIds) {
      if (containerIds.length === 0) return new Map();
      // The raw figures: what `--format json` prints is rounded for people.
      const format = "{{json .ContainerStats}}";
      const { exitCode, stdout } = await runPodman(
        command,
        ["stats", "--no-stream", "--format", format, ...containerIds],
        {
          // As above: one that has stopped meanwhile costs the figures of all.
          allow: () => true,
        },
      );
      return exitCode === 0 ? parseCounters(stdout) : new Map();
    },

    async createBox(box, start) {
      const args = createArguments(box, { runtime: command.socket === undefined ? settings.runtime : null, start });
      const options = {
        token: box.token,
        timeout: 2 * command.timeout,
        globals: hookArguments(settings.hook, command),
      };
      const { stdout } = await runPodman(command, args, options);
      const containerId = stdout.trim().split("\n").at(-1) ?? "";
      if (!/^[0-9a-f]{64}$/.test(containerId)) {
        throw new DevboxError("ENGINE_GARBAGE", "podman did not say which container it made.", {
          why: quote(stdout.trim()),
          next: ["See which podman is used: devbox-ctl doctor"],
        });
      }
      return containerId;
    },

    async startBox(containerId, token) {
      await startThoroughly(command, containerId, { token, globals: hookArguments(settings.hook, command) });
    },

    async stopBox(containerId, grace, token) {
      await stopThoroughly(command, containerId, grace, { token, timeout: patient(grace) });
    },

    async removeBox(boxId, grace, token) {
      // A podman that died while it waited for a box to end (its reader was killed, its time was over) leaves it as
      // "stopping"; rm then forgets the container, and what runs in it runs on. Only stop ends that.
      const { stdout } = await runPodman(command, listArguments(namespace, boxId));
      const stopping = parseBoxes(namespace, stdout).filter(({ state }) => state === "stopping");
      for (const { containerId } of stopping) {
        // One that is being removed is listed as stopping too, and cannot be stopped; rm takes it up.
        const stop = ["stop", "--time", String(grace), containerId];
        await runPodman(command, stop, { token, timeout: patient(grace), allow: () => true });
      }
      const args = ["rm", "--force", "--time", String(grace), ...filters(namespace, boxId)];
      await removeThoroughly(command, args, { token, timeout: patient(grace) });
    },

    async removeContainer(containerId, grace, token) {
      const args = ["rm", "--force", "--ignore", "--time", String(grace), containerId];
      await removeThoroughly(command, args, { token, timeout: patient(grace) });
    },

    async renameBox(containerId, name, token) {
      await runPodman(command, ["rename", containerId, name], { token });
    },

    async waitReady(containerId, { seconds, token, onReady }) {
      const args = ["exec", containerId, IMAGE.programs.ready, "--wait", String(seconds), "--report"];
      const options = { token, timeout: patient(seconds), allow: () => true };
      const result = await runPodman(command, args, {
        ...options,
        onLine: (line) => {
          onReady(printable(line).replace(/^service /, ""));
        },
      });
      if (result.exitCode === 0) return [];
      return words(result.stderr || result.stdout || `exit code ${String(result.exitCode)}`).split("\n");
    },
  };
}

/** How often a removal that Podman was itself in the way of is tried again, and after how many milliseconds. */
const REMOVE_AGAIN = { times: 20, after: 100 };

/**
 * Removes containers, and what is left of them in the storage. With ids of its own a container's clean-up (by the
 * process that watched it) and its removal (ours) meet now and then: one finds the other's mount "busy", and has
 * removed the container from everywhere but the storage by then, where only its full id still finds it.
 */
export async function removeThoroughly(
  command: PodmanCommand,
  args: readonly string[],
  options: RunOptions,
): Promise<void> {
  let next = args;
  for (let attempt = 1; ; attempt += 1) {
    const isLast = attempt === REMOVE_AGAIN.times;
    const { exitCode, stderr } = await runPodman(command, next, { ...options, allow: () => !isLast });
    if (exitCode === 0) return;
    const left = stderr.match(/\b[0-9a-f]{64}\b/g);
    if (left === null || !/device or resource busy/i.test(stderr)) throw classify(next, stderr, exitCode);
    next = ["rm", "--force", "--ignore", "--time", "0", ...new Set(left)];
    await setTimeout(REMOVE_AGAIN.after);
  }
}

function filters(namespace: string, boxId?: string): string[] {
  const all = [`label=${LABEL.namespace}=${namespace}`];
  if (boxId !== undefined) all.push(`label=${LABEL.id}=${boxId}`);
  return all.flatMap((filter) => ["--filter", filter]);
}

/** The listing that most commands begin with. */
function listArguments(namespace: string, boxId?: string): string[] {
  return ["ps", "--all", "--no-trunc", "--format", "json", ...filters(namespace, boxId)];
}
