import type { ContainerState } from "../../core/box.ts";
import { identityFrom } from "../../core/labels.ts";
import type { BoxCounters, BoxUsage, EngineBox, EngineBoxDetail } from "../../ports/engine.ts";
import {
  fromHumanSize,
  fromSeconds,
  fromTimestamp,
  integer,
  jsonList,
  jsonObject,
  type Json,
  labels,
  need,
  object,
  text,
} from "./parse.ts";

/** Podman's many states, reduced. `configured` and `initialized` are steps on the way to `created`. */
const STATES: Readonly<Record<string, ContainerState>> = {
  configured: "created",
  created: "created",
  initialized: "created",
  running: "running",
  exited: "exited",
  stopped: "exited",
  paused: "paused",
  stopping: "stopping",
  removing: "stopping",
};

function state(value: string | undefined): ContainerState {
  return STATES[value ?? ""] ?? "unknown";
}

/** `podman ps --format json`, reduced to boxes of one namespace. */
export function parseBoxes(namespace: string, stdout: string): EngineBox[] {
  return jsonList("ps", stdout).flatMap((json) => {
    const identity = identityFrom(namespace, labels(json));
    if (identity?.kind !== "box") return [];
    return [
      {
        containerId: need("ps", json, "Id"),
        identity,
        state: state(text(json, "State")),
        image: text(json, "Image") ?? "",
        startedAt: fromSeconds(integer(json, "StartedAt")),
        exitedAt: fromSeconds(integer(json, "ExitedAt")),
        exitCode: integer(json, "ExitCode") ?? 0,
      },
    ];
  });
}

/** `podman inspect --type container`. */
export function parseInspect(stdout: string): EngineBoxDetail | undefined {
  const json = jsonList("inspect", stdout)[0];
  if (json === undefined) return undefined;
  const at = object(json, "State");
  const pid = integer(at, "Pid");
  return {
    state: state(text(at, "Status")),
    pid: pid === 0 ? undefined : pid,
    address: address(object(json, "NetworkSettings")),
    imageId: text(json, "Image") ?? "",
    startedAt: fromTimestamp(text(at, "StartedAt")),
    exitedAt: fromTimestamp(text(at, "FinishedAt")),
    exitCode: integer(at, "ExitCode") ?? 0,
    outOfMemory: at.OOMKilled === true,
  };
}

/** The box's address on its network: rootful bridges name it per network, rootless ones not at all. */
function address(network: Json): string | undefined {
  const own = text(network, "IPAddress");
  if (own !== undefined) return own;
  const networks = object(network, "Networks");
  return Object.keys(networks)
    .map((name) => text(object(networks, name), "IPAddress"))
    .find((found) => found !== undefined);
}

/** `podman stats --no-stream --format json`, by the short id that it prints. */
export function parseStats(stdout: string): Map<string, BoxUsage> {
  const usage = new Map<string, BoxUsage>();
  for (const json of jsonList("stats", stdout)) {
    const id = text(json, "id");
    if (id === undefined) continue;
    const cpu = Number.parseFloat(text(json, "cpu_percent") ?? "");
    const pids = Number.parseInt(text(json, "pids") ?? "", 10);
    usage.set(id, {
      cpuPercent: Number.isNaN(cpu) ? undefined : cpu,
      memory: fromHumanSize(text(json, "mem_usage")?.split("/")[0]),
      pids: Number.isNaN(pids) ? undefined : pids,
    });
  }
  return usage;
}

/** `podman stats --format '{{json .ContainerStats}}'`, a line for each container, by its id. Podman 5 counts each interface. */
export function parseCounters(stdout: string): Map<string, BoxCounters> {
  const lines = stdout.split("\n").filter((line) => line.trim() !== "");
  return new Map(
    lines.map((line) => {
      const json = jsonObject("stats", line);
      const nanoseconds = figure(json, "CPUNano");
      const interfaces = object(json, "Network");
      const each = Object.keys(interfaces).map((name) => object(interfaces, name));
      const bytes = [json, ...each].flatMap((at) =>
        ["NetInput", "NetOutput", "RxBytes", "TxBytes"].flatMap((key) => figure(at, key) ?? []),
      );
      const counters = {
        cpuSeconds: nanoseconds === undefined ? undefined : nanoseconds / 1e9,
        networkBytes: bytes.length === 0 ? undefined : bytes.reduce((sum, count) => sum + count, 0),
      };
      return [need("stats", json, "ContainerID"), counters];
    }),
  );
}

/** A counter, which may be beyond what is exact. */
function figure(json: Json, key: string): number | undefined {
  const value = json[key];
  return typeof value === "number" && value >= 0 ? value : undefined;
}
