import { DevboxError } from "./errors.ts";
import { quote } from "./text.ts";
import type { Millis } from "./time.ts";

/** What tells a device of the tailnet apart from all others, for ever: host names do not. */
export interface DeviceIdentity {
  /** The control plane's own id: Tailscale's stable node id, headscale's number. */
  readonly nodeId: string;
  /** Public key of the node, `nodekey:` and 64 hexadecimal digits. */
  readonly nodeKey: string;
}

/** A device as the control plane has it. */
export interface TailnetDevice extends DeviceIdentity {
  /** Empty for a device that has none yet (made ready, or shared by another tailnet); none of ours is like that. */
  readonly nodeKey: string;
  /** The host name that it asked for. */
  readonly hostname: string;
  /** The first label of the name under which it is found; differs from the host name when that was taken. */
  readonly name: string;
  readonly addresses: readonly string[];
  /** Each with its `tag:`, sorted. */
  readonly tags: readonly string[];
  readonly online: boolean | undefined;
  readonly createdAt: Millis | undefined;
}

/** States of tailscaled that matter here, in its own words (ipn.State); anything else is `Unknown`. */
const NODE_STATES = ["NoState", "NeedsLogin", "NeedsMachineAuth", "Stopped", "Starting", "Running"] as const;
type NodeState = (typeof NODE_STATES)[number] | "Unknown";

/** A box's own node, as its tailscaled has it. */
export interface BoxNode {
  readonly state: NodeState;
  /** Undefined as long as it never logged in. */
  readonly identity: DeviceIdentity | undefined;
  readonly hostname: string;
  /** Fully qualified, without the last dot; empty before the first login. */
  readonly dnsName: string;
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  /** Whether it is in touch with the control plane. */
  readonly online: boolean;
}

/** What tailscaled's words are reduced to; `Self.ID` is empty before the first login, tags are null without any. */
interface NodeAnswer {
  readonly state?: unknown;
  readonly id?: unknown;
  readonly nodeKey?: unknown;
  readonly hostname?: unknown;
  readonly dnsName?: unknown;
  readonly addresses?: unknown;
  readonly tags?: unknown;
  readonly online?: unknown;
}

const NODE_KEY = /^nodekey:[0-9a-f]{64}$/;
const NODE_ID = /^[A-Za-z0-9]{1,64}$/;
/** A key of zeros is that of a node without one. */
const NO_KEY = /^nodekey:0*$/;

/** Somebody else's word, or nothing: no blanks, no controls, not endless. */
export const word = (value: unknown): string =>
  typeof value === "string" && /^[\w.:-]{0,255}$/.test(value) ? value : "";
export const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.map((each) => word(each)).filter((each) => each !== "") : [];

/**
 * Reads what the program `tailnet status` of a box says. A box is not trusted: whatever is not a plain word is dropped.
 * @throws {DevboxError} ENGINE_GARBAGE
 */
export function readBoxNode(json: string): BoxNode {
  const answer = parsed(json);
  const state = NODE_STATES.find((known) => known === answer.state) ?? "Unknown";
  return {
    state,
    identity: identityOf(answer.id, answer.nodeKey),
    hostname: word(answer.hostname),
    dnsName: word(answer.dnsName).replace(/\.$/, ""),
    addresses: words(answer.addresses),
    tags: words(answer.tags).sort(),
    online: answer.online === true,
  };
}

function parsed(json: string): NodeAnswer {
  try {
    const answer: unknown = JSON.parse(json);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Said below.
  }
  throw new DevboxError("ENGINE_GARBAGE", "the box's answer about its tailnet cannot be read.", {
    why: `It begins: ${quote(json.slice(0, 80))}`,
    next: ["Look at its image: devbox-ctl image check"],
  });
}

/** A control plane's id of a device; letters and digits alone, so that it can be part of a URL. */
export const isNodeId = (value: unknown): value is string => typeof value === "string" && NODE_ID.test(value);

/** Both parts, or nothing: half an identity could be somebody else's. */
export function identityOf(nodeId: unknown, nodeKey: unknown): DeviceIdentity | undefined {
  if (!isNodeId(nodeId)) return undefined;
  if (typeof nodeKey !== "string" || !NODE_KEY.test(nodeKey) || NO_KEY.test(nodeKey)) return undefined;
  return { nodeId, nodeKey };
}

/** Every box has it. FR-049 */
const COMMON_TAG = "tag:devcontainer";

/**
 * The tags that a user's boxes have, no more and no fewer, sorted. FR-049, FR-050
 * @throws {DevboxError} TAILNET_WRONG_TAGS when the user's name cannot be part of a tag
 */
export function tagsOf(user: string): string[] {
  // Tailscale's rule (tailcfg.CheckTag): a letter first, then letters, digits and hyphens.
  if (!/^[a-z][a-z0-9-]*$/i.test(user)) {
    throw new DevboxError("TAILNET_WRONG_TAGS", `the user name ${quote(user)} cannot be part of a tag.`, {
      why: "Tags of a tailnet have letters, digits and hyphens, and begin with a letter; the tag would be tag:USER-container.",
      next: ["Ask an administrator for an account whose name has no other characters"],
    });
  }
  return [COMMON_TAG, `tag:${user}-container`].sort();
}

/** The item that holds a user's auth key. FR-046 */
export const authKeyItem = (user: string): string => `${user}-tailscale-authkey`;

/** The first label of a fully qualified name. */
export const firstLabel = (dnsName: string): string => dnsName.split(".")[0] ?? "";

/**
 * What is to be done about a node that is to be on the tailnet. `keep`: it is. `login`: it has none, or needs one.
 * `forget`: it believes to be on it, and the control plane has deleted it (tailscale#20615). `approve`: somebody has to
 * let it in. `impossible`: a login would not help.
 */
export type JoinPlan = "keep" | "login" | "forget" | "approve" | "impossible";

/**
 * An auth key is handed over in `login` and after `forget` alone: one that has expired logs a registered node out. A
 * node that has not made up its mind is none that needs a login.
 * @param isRegistered whether it is known to have logged in, if only from the ledger
 * @param isKnown whether the control plane has the node; undefined when it could not be asked
 */
export function joinPlan(state: NodeState, isRegistered: boolean, isKnown: boolean | undefined): JoinPlan {
  switch (state) {
    case "NeedsLogin":
      return "login";
    case "NoState":
    case "Starting":
    case "Running":
      if (!isRegistered) return "impossible";
      return isKnown === false ? "forget" : "keep";
    case "NeedsMachineAuth":
      return "approve";
    case "Stopped":
    case "Unknown":
      return "impossible";
  }
}
