import type { BoxNode, DeviceIdentity } from "./tailnet.ts";
import { MINUTE, type Millis } from "./time.ts";

/**
 * `joining`: a login was begun whose device nobody has recorded yet; it may exist. `joined`: it is the box's.
 * `leaving`: it has to go, and stays in the ledger until the control plane has proven it gone.
 */
export type DeviceState = "joining" | "joined" | "leaving";

/** What the ledger knows of a device of the tailnet; it outlives its box. */
export interface DeviceRecord {
  readonly id: number;
  readonly boxId: string;
  readonly boxName: string;
  readonly owner: string;
  /** The control plane that it was recorded at; see {@link Tailnet.control}. */
  readonly control: string;
  /** The host name with which it logged in. */
  readonly hostname: string;
  readonly state: DeviceState;
  /** Undefined as long as nobody has recorded it. */
  readonly identity: DeviceIdentity | undefined;
  /** Fully qualified; empty when it is not known. */
  readonly dnsName: string;
  readonly addresses: readonly string[];
  readonly tags: readonly string[];
  readonly recordedAt: Millis;
  /** How often its removal was tried, when last, and what came of it. */
  readonly attempts: number;
  readonly triedAt: Millis | undefined;
  readonly problem: string | undefined;
}

/** The device of a box as people see it. */
export type BoxDevice = Pick<DeviceRecord, "dnsName" | "addresses" | "tags"> & { readonly identity: DeviceIdentity };

/** A login that is about to be tried. */
export type NewDevice = Pick<DeviceRecord, "boxId" | "boxName" | "owner" | "control" | "hostname">;

/** What is recorded of a node once it is logged in. */
export type JoinedNode = Pick<BoxNode, "dnsName" | "addresses" | "tags"> & { readonly identity: DeviceIdentity };

/** Longest wait between two tries, in milliseconds: an administrator's mending is noticed within the hour. */
const LONGEST = 60 * MINUTE;

/** Milliseconds that are let pass after so many tries in vain: 1 minute, 2, 4 … and an hour at most. */
function waitAfter(attempts: number): number {
  return Math.min(LONGEST, MINUTE * 2 ** Math.max(0, Math.min(attempts, 20) - 1));
}

/** Whether a removal is to be tried now. A clock that jumped back must not put it off for longer than the wait. */
export function isDue({ attempts, triedAt }: Pick<DeviceRecord, "attempts" | "triedAt">, now: Millis): boolean {
  if (triedAt === undefined || triedAt > now) return true;
  return now - triedAt >= waitAfter(attempts);
}

/** What `tailnet cleanup --forget` knows a device by. */
export function forgettable({ id, identity }: Pick<DeviceRecord, "id" | "identity">): string {
  return identity?.nodeId ?? `#${String(id)}`;
}

/** A device in a sentence, with what tells it apart. */
export function nameOf({ hostname, identity }: Pick<DeviceRecord, "hostname" | "identity">): string {
  return identity === undefined ? `"${hostname}" (its id was never recorded)` : `"${hostname}" (${identity.nodeId})`;
}
