import type { BoxRecord } from "../../core/box.ts";
import type { JoinedNode } from "../../core/device.ts";
import { messageOf } from "../../core/errors.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { Deps } from "../deps.ts";
import { release } from "./release.ts";

/**
 * Sees to it that a box is found under its own name. One whose name was taken at its login is called `name-1` for ever
 * otherwise. The name is taken back when nobody holds it, or a dead device of ours; from anybody else it is not.
 * @returns the node with the name that it has now
 */
export async function settleName(
  deps: Deps,
  tailnet: Tailnet,
  box: Pick<BoxRecord, "name">,
  node: JoinedNode,
): Promise<JoinedNode> {
  const [has = "", ...domain] = node.dnsName.split(".");
  if (has === box.name || has === "") return node;
  try {
    const holder = (await tailnet.devices()).find((device) => device.name === box.name);
    if (holder && holder.nodeId !== node.identity.nodeId) {
      const ours = deps.ledger
        .devices()
        .find(
          ({ state, control, identity }) =>
            state === "leaving" &&
            control === tailnet.control &&
            identity?.nodeId === holder.nodeId &&
            identity.nodeKey === holder.nodeKey,
        );
      if (ours === undefined || (await release(deps, tailnet, [ours])).length > 0) {
        deps.progress.remark(taken(box.name, has, holder.nodeId));
        return node;
      }
    }
    await tailnet.rename(node.identity.nodeId, box.name);
    return { ...node, dnsName: [box.name, ...domain].join(".") };
  } catch (error) {
    deps.progress.remark(
      `${box.name} is called ${has} on the tailnet, and could not be given its own name: ${messageOf(error)}`,
    );
    return node;
  }
}

function taken(name: string, has: string, holder: string): string {
  return (
    `the name ${name} is taken on the tailnet by a device that is not ours (${holder}), so this box is ${has} there; ` +
    `when that device is removed or renamed, "devbox-ctl restart ${name}" takes the name`
  );
}
