import { statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { ContainerEngine } from "../../ports/engine.ts";
import { containerCalls, type PodmanSettings } from "./containers.ts";
import { homeTaskCalls } from "./home-tasks.ts";
import { imageCalls } from "./images.ts";
import { parseInfo } from "./parse-info.ts";
import { type PodmanCommand, runPodman } from "./run.ts";
import { leavesTrace } from "./runtime-state.ts";
import { waitUntilSettled } from "./service.ts";
import { sessionCalls } from "./sessions.ts";
import { volumeCalls } from "./volumes.ts";

/** Boxes on Podman, by its command. */
export function createPodmanEngine(command: PodmanCommand, settings: PodmanSettings): ContainerEngine {
  return {
    async facts() {
      const { stdout } = await runPodman(command, ["info", "--format", "json"]);
      return parseInfo(stdout);
    },
    settled: (limit) => waitUntilSettled(command, limit),
    fingerprint: () => [command.path, ...settingsFiles(command.path).map((file) => stamp(file))].join(" "),
    looksRunning: (containerId) => leavesTrace(containerId),
    ...containerCalls(command, settings),
    ...volumeCalls(command, settings.namespace),
    ...sessionCalls(command),
    ...homeTaskCalls(command, settings.namespace),
    ...imageCalls(command),
  };
}

/** Files whose change may change what Podman can do. */
function settingsFiles(path: string): string[] {
  const programs = isAbsolute(path) ? [path] : (process.env.PATH ?? "").split(":").map((dir) => join(dir, path));
  const config = process.env.CONTAINERS_CONF;
  return [...programs, ...(config === undefined ? ["/etc/containers/containers.conf"] : [config])];
}

/** Size and time of a file; empty when there is none. */
function stamp(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? "" : `${file}:${String(found.size)}:${String(found.mtimeMs)}`;
}
