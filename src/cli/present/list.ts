import { formatSize } from "../../core/size.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { ListedBox, ListResult } from "../../usecases/list.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";

/** `list` for a person. */
export function presentList(style: Style, result: ListResult, now: Millis): string {
  if (result.boxes.length === 0) return "  You have no boxes.\n    Create one: devbox-ctl create my-project";
  const heading = ["NAME", "STATE", "LAST USED", "CPU", "MEMORY", "NEXT"];
  const rows = result.boxes.map((box) => [box.name, state(box), lastUsed(box, now), cpu(box), memory(box), next(box)]);
  const mine =
    result.used === 1 && result.allowed === 1
      ? "1 of 1 box"
      : `${String(result.used)} of ${String(result.allowed)} boxes`;
  return `${table(style, heading, rows)}\n  ${mine} · ${String(result.onHost)} of ${String(result.global)} on this host`;
}

function state(box: ListedBox): string {
  return box.interrupted ? `${box.state} (interrupted)` : box.state;
}

function lastUsed(box: ListedBox, now: Millis): string {
  if (box.state === "stopped" && box.stoppedAt !== undefined) return `stopped ${ago(box.stoppedAt, now)}`;
  if (box.lastUsedAt === undefined) return "-";
  return `${ago(box.lastUsedAt, now)}${box.lastUsedBy === undefined ? "" : ` · ${box.lastUsedBy}`}`;
}

function cpu(box: ListedBox): string {
  if (box.cpus === undefined) return "-";
  const cores = `${String(box.cpus)} ${box.cpus === 1 ? "core" : "cores"}`;
  const percent = box.usage?.cpuPercent;
  return percent === undefined ? cores : `${percent.toFixed(0)} % of ${cores}`;
}

function memory(box: ListedBox): string {
  if (box.memory === undefined) return "-";
  const used = box.usage?.memory;
  return used === undefined ? formatSize(box.memory) : `${formatSize(used)} / ${formatSize(box.memory)}`;
}

function next(box: ListedBox): string {
  if (box.interrupted) return "devbox-ctl doctor --fix";
  if (box.state === "gone") return `devbox-ctl start ${box.name} --recreate`;
  if (box.state === "unregistered") return "devbox-ctl doctor --fix";
  return "-";
}

/** `list --json`; its schema is docs/json/list.schema.json. */
export function listJson(result: ListResult) {
  return {
    boxes: result.boxes.map((box) => ({
      name: box.name,
      id: box.id,
      owner: box.owner,
      state: box.state,
      interrupted: box.interrupted,
      image: box.image,
      cpus: orNull(box.cpus),
      memoryBytes: orNull(box.memory),
      createdAt: jsonTime(box.createdAt),
      lastUsedAt: jsonTime(box.lastUsedAt),
      lastUsedBy: orNull(box.lastUsedBy),
      stoppedAt: jsonTime(box.stoppedAt),
      usage: box.usage
        ? {
            cpuPercent: orNull(box.usage.cpuPercent),
            memoryBytes: orNull(box.usage.memory),
            pids: orNull(box.usage.pids),
          }
        : null,
    })),
    slots: { used: result.used, allowed: result.allowed, onHost: result.onHost, global: result.global },
  };
}
