import { formatSize } from "../../core/size.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { Shown } from "../../core/lifecycle/moment-text.ts";
import { nextText } from "../../core/lifecycle/sentences.ts";
import type { ListedBox, ListResult } from "../../usecases/list.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { nextJson } from "./next.ts";
import { table } from "./table.ts";

/** When a listing is shown, and to whom. */
interface ShownTo extends Shown {
  readonly caller: string;
}

/** `list` for a person; whose each box is, when others' are among them. */
export function presentList(style: Style, result: ListResult, shown: ShownTo): string {
  const { now, caller } = shown;
  const isOwn = result.owner === caller;
  const onHost = `${String(result.onHost)} of ${String(result.global)} on this host`;
  if (result.boxes.length === 0) {
    if (isOwn) return "  You have no boxes.\n    Create one: devbox-ctl create my-project";
    return `  ${result.owner === undefined ? "There are" : `${result.owner} has`} no boxes.`;
  }
  const owner = isOwn ? [] : ["OWNER"];
  const heading = ["NAME", ...owner, "STATE", "LAST USED", "CPU", "MEMORY", "NEXT"];
  const rows = result.boxes.map((box) => [
    ...(isOwn ? [box.name] : [box.name, box.owner]),
    ...[state(box), lastUsed(box, now), cpu(box), memory(box), next(box, shown)],
  ]);
  const { used, allowed } = result;
  const counted = used === 1 && allowed === 1 ? "1 of 1 box" : `${String(used)} of ${String(allowed)} boxes`;
  const whose = isOwn ? counted : `${counted} ${result.owner === undefined ? "yours" : `of ${result.owner}'s`}`;
  return `${table(style, heading, rows)}\n  ${whose} · ${onHost}`;
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

function next(box: ListedBox, shown: Shown): string {
  if (box.interrupted) return "devbox-ctl doctor --fix";
  if (box.state === "gone") return `devbox-ctl start ${box.name} --recreate`;
  if (box.state === "unregistered") return "devbox-ctl doctor --fix";
  return (box.decided && nextText(box.decided, shown)) ?? "-";
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
      next: box.decided === undefined ? null : nextJson(box.decided.decision),
      heldUntil: jsonTime(box.decided?.facts.hold?.until),
    })),
    slots: { used: result.used, allowed: result.allowed, onHost: result.onHost, global: result.global },
  };
}
