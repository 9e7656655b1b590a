import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { LABEL } from "../../core/labels.ts";
import { quote } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { ContainerEngine } from "../../ports/engine.ts";
import { createArguments } from "./arguments.ts";
import { parseBoxes, parseInspect, parseStats } from "./parse-containers.ts";
import { type PodmanCommand, runPodman, words } from "./run.ts";

/** Settings of the engine that boxes are made with. */
export interface PodmanSettings {
  readonly namespace: string;
  readonly runtime: string | null;
}

type ContainerCalls = Pick<
  ContainerEngine,
  "boxes" | "inspect" | "usage" | "createBox" | "startBox" | "stopBox" | "removeBox" | "waitReady"
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

    async createBox(box, start) {
      const args = createArguments(box, { runtime: settings.runtime, start });
      const { stdout } = await runPodman(command, args, { token: box.token, timeout: 2 * command.timeout });
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
      await runPodman(command, ["start", containerId], { token });
    },

    async stopBox(containerId, grace, token) {
      await runPodman(command, ["stop", "--time", String(grace), containerId], { token, timeout: patient(grace) });
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
      await runPodman(command, args, { token, timeout: patient(grace) });
    },

    async waitReady(containerId, seconds, token) {
      const args = ["exec", containerId, IMAGE.programs.ready, "--wait", String(seconds)];
      const result = await runPodman(command, args, { token, timeout: patient(seconds), allow: () => true });
      if (result.exitCode === 0) return [];
      return words(result.stderr || result.stdout || `exit code ${String(result.exitCode)}`).split("\n");
    },
  };
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
