import {
  type DeviceIdentity,
  firstLabel,
  identityOf,
  isNodeId,
  type TailnetDevice,
  word,
  words,
} from "../../core/tailnet.ts";
import type { Millis } from "../../core/time.ts";

/** What both control planes tell of a device, under whatever names; all of it was said by somebody else. */
interface Told {
  readonly nodeId: unknown;
  readonly nodeKey: unknown;
  readonly hostname: unknown;
  readonly name: unknown;
  readonly addresses: unknown;
  readonly tags: unknown;
  readonly online: unknown;
  readonly createdAt: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** A device as Tailscale's API v2 shows it; undefined when it is none. */
export function tailscaleDevice(answer: unknown): TailnetDevice | undefined {
  if (!isObject(answer)) return undefined;
  const { nodeId, nodeKey, hostname, name, addresses, tags, connectedToControl: online, created } = answer;
  return deviceOf({ nodeId, nodeKey, hostname, name, addresses, tags, online, createdAt: created });
}

/** A node as headscale's API v1 shows it; undefined when it is none. */
export function headscaleDevice(answer: unknown): TailnetDevice | undefined {
  if (!isObject(answer)) return undefined;
  const { id, nodeKey, name, givenName, ipAddresses, tags, online, createdAt } = answer;
  const told = { nodeKey, tags, online, createdAt };
  return deviceOf({ ...told, nodeId: id, hostname: name, name: givenName, addresses: ipAddresses });
}

/** A list in which every entry is a device; undefined otherwise, because the one that is not could be ours. */
export function allDevices(
  list: unknown,
  one: (answer: unknown) => TailnetDevice | undefined,
): TailnetDevice[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const devices = list.map((each) => one(each));
  return devices.every((each) => each !== undefined) ? devices : undefined;
}

function deviceOf(told: Told): TailnetDevice | undefined {
  const identity = identityOf(told.nodeId, told.nodeKey) ?? withoutKey(told.nodeId, told.nodeKey);
  if (identity === undefined) return undefined;
  return {
    ...identity,
    hostname: word(told.hostname),
    name: firstLabel(word(told.name)),
    addresses: words(told.addresses),
    tags: words(told.tags).sort(),
    online: typeof told.online === "boolean" ? told.online : undefined,
    createdAt: moment(told.createdAt),
  };
}

/**
 * Devices that are made ready or shared into the tailnet have no key yet. They are not ours, but one of them must not
 * make the whole list unreadable: they keep their id, and no key of ours equals the empty one.
 */
function withoutKey(nodeId: unknown, nodeKey: unknown): DeviceIdentity | undefined {
  const none = nodeKey === undefined || (typeof nodeKey === "string" && /^(nodekey:0*)?$/.test(nodeKey));
  return none && isNodeId(nodeId) ? { nodeId, nodeKey: "" } : undefined;
}

function moment(value: unknown): Millis | undefined {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  // Years before the epoch are a server's way to say "never" (0001-01-01).
  return Number.isNaN(time) || time <= 0 ? undefined : time;
}

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
