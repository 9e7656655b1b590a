import type { BoxRecord } from "../../core/box.ts";
import type { Deps } from "../deps.ts";
import type { Step } from "../journal.ts";
import { askNode } from "./node.ts";
import { newDevice, withIdentity } from "./record.ts";

/** What is left to do for a rotation that was killed: see as which device the box is on the tailnet now. */
export function settleStep(deps: Deps, box: BoxRecord): Step {
  const run = async () => {
    // The device of the trial, which was not to stay; the box tells of its own alone.
    const trials = deps.ledger
      .devicesOf(box.id)
      .filter(({ state, hostname }) => state === "joining" && hostname !== box.name);
    for (const { hostname } of trials) deps.ledger.leaveDevices(box.id, hostname);
    const tailnet = await deps.tailnet();
    if (tailnet === undefined || box.containerId === undefined) return {};
    const running = { ...box, containerId: box.containerId };
    if ((await deps.engine.inspect(running.containerId))?.state !== "running") return {};
    const node = withIdentity(box, await askNode(deps, running));
    deps.ledger.recordDevice(newDevice(box, tailnet, box.name), node, deps.clock.now());
    return {};
  };
  return { name: "settle", title: "Device recorded", run };
}
