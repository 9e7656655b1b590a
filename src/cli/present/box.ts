import type { BoxRecord } from "../../core/box.ts";
import { jsonTime, orNull } from "../json.ts";
import { deviceJson } from "./tailnet.ts";

/** What every command's JSON says of a box. */
export function boxJson(box: BoxRecord) {
  return {
    name: box.name,
    id: box.id,
    owner: box.owner,
    image: box.spec.image,
    cpus: box.spec.cpus,
    memoryBytes: box.spec.memory,
    pids: box.spec.pids,
    homeVolume: box.spec.home,
    containerId: orNull(box.containerId),
    createdAt: jsonTime(box.createdAt),
    lastUsedAt: jsonTime(box.lastUsedAt),
    lastUsedBy: orNull(box.lastUsedBy),
    tailnet: deviceJson(box.device),
  };
}
