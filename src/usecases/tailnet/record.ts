import type { BoxRecord } from "../../core/box.ts";
import type { DeviceRecord, JoinedNode, NewDevice } from "../../core/device.ts";
import { DevboxError } from "../../core/errors.ts";
import { type BoxNode, type DeviceIdentity, tagsOf, type TailnetDevice } from "../../core/tailnet.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { Deps } from "../deps.ts";

/** A login of a box, for the ledger. */
export function newDevice(
  box: Pick<BoxRecord, "id" | "name" | "owner">,
  { control }: Pick<Tailnet, "control">,
  hostname: string,
): NewDevice {
  return { boxId: box.id, boxName: box.name, owner: box.owner, control, hostname };
}

/**
 * Whether a device of the control plane is the one that a box says it is. A box could name somebody else's, which its
 * destroy would then remove: so the host name has to be the one that it was given, too.
 */
export function isItsOwn(hostname: string, { identity }: JoinedNode, device: TailnetDevice): boolean {
  return device.nodeId === identity.nodeId && isSameKey(identity, device) && device.hostname === hostname;
}

/** Whether the key is the same one, as far as the control plane tells keys. */
export function isSameKey({ nodeKey }: DeviceIdentity, device: TailnetDevice): boolean {
  return device.nodeKey === nodeKey || device.nodeKey === "";
}

/** Whether a box's node is not the device that the ledger has: nobody has seen the end of the login that made it. */
export function isUnrecorded({ ledger }: Pick<Deps, "ledger">, boxId: string, { identity }: JoinedNode): boolean {
  const recorded = ledger.boxById(boxId)?.device?.identity;
  return recorded?.nodeId !== identity.nodeId || recorded.nodeKey !== identity.nodeKey;
}

/** Whether a box's node is another than the ledger has, or has other properties. */
export function isNews({ ledger }: Pick<Deps, "ledger">, boxId: string, node: JoinedNode): boolean {
  const recorded = ledger.boxById(boxId)?.device;
  if (recorded === undefined) return true;
  const told = ({ identity, dnsName, addresses, tags }: Omit<JoinedNode, "state">) =>
    JSON.stringify([identity.nodeId, identity.nodeKey, dnsName, addresses, tags]);
  return told(recorded) !== told(node);
}

/** @throws {DevboxError} TAILNET_FAILED for a login that succeeded and left nothing to tell the device by */
export function withIdentity({ name }: Pick<BoxRecord, "name">, node: BoxNode): JoinedNode {
  if (node.identity) return { ...node, identity: node.identity };
  throw new DevboxError("TAILNET_FAILED", `${name} logged in, and does not say as which device.`, {
    next: [`devbox-ctl restart ${name}`, `devbox-ctl logs ${name} --service tailscaled`],
  });
}

/** What is wrong with the tags of a node, which must be exactly its owner's. FR-049, FR-050, SC-013 */
export function wrongTags(
  { name, owner }: Pick<BoxRecord, "name" | "owner">,
  node: Pick<BoxNode, "tags">,
): DevboxError | undefined {
  const wanted = tagsOf(owner);
  const lacks = wanted.filter((tag) => !node.tags.includes(tag));
  const extra = node.tags.filter((tag) => !wanted.includes(tag));
  if (lacks.length === 0 && extra.length === 0) return undefined;
  const why = [
    ...(lacks.length === 0 ? [] : [`It lacks ${lacks.join(", ")}.`]),
    ...(extra.length === 0 ? [] : [`It has ${extra.join(", ")}, which it must not have.`]),
  ];
  return new DevboxError("TAILNET_WRONG_TAGS", `the auth key of ${owner} gives ${name} the wrong tags.`, {
    why: why.join(" "),
    next: [
      `Make an auth key with exactly the tags ${wanted.join(" and ")}, and store it in the place of the old one`,
      "How: docs/tailnet.md",
    ],
  });
}

/** A login that has ended, and of which it is known that no device came. */
export function dropLogin({ ledger }: Pick<Deps, "ledger">, { boxId, hostname }: NewDevice): void {
  const isIt = (device: DeviceRecord) => device.state === "joining" && device.hostname === hostname;
  for (const { id } of ledger.devicesOf(boxId).filter(isIt)) ledger.dropDevice(id);
}
