import { type DeviceRecord, isDue, nameOf } from "../../core/device.ts";
import { DevboxError, hasCode, messageOf } from "../../core/errors.ts";
import type { TailnetDevice } from "../../core/tailnet.ts";
import { MINUTE, SECOND } from "../../core/time.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { Deps } from "../deps.ts";

/** How often a control plane is asked whether a removed device is gone, and milliseconds between. */
const ASKED = { times: 5, after: SECOND / 4 };

/** By how many milliseconds the control plane's clock may be behind this host's. */
const CLOCKS_DIFFER_BY = 10 * MINUTE;

/** Why a device cannot be proven gone. */
export interface Reason {
  readonly why: string;
  /** What somebody has to do about it; empty when it is only to be waited for. */
  readonly next: readonly string[];
}

/** A device that could not be proven gone, and why. */
export interface Pending extends Reason {
  readonly device: DeviceRecord;
}

const because = (why: string, ...next: string[]): Reason => ({ why, next });

/** What stands in the way when the control plane does not answer as it should; who can mend that is told how. */
export function reasonOf(error: unknown): Reason {
  const isPatience = hasCode(error, "TAILNET_UNREACHABLE", "TAILNET_RATE_LIMITED");
  const next = error instanceof DevboxError ? error.next : [];
  return { why: messageOf(error), next: isPatience ? [] : next };
}

const GIVE_UP = "When it is known to be gone: devbox-ctl tailnet cleanup --forget DEVICE";

/**
 * Removes devices from the control plane, by node id and node key alone, and takes each out of the ledger when the
 * control plane says that it is gone twice over: asked for it, and asked for all. FR-028, SC-005
 * @returns what is left, with the reason, which is noted in the ledger as well; never rejects for a control plane
 */
export async function release(
  deps: Pick<Deps, "ledger" | "clock">,
  tailnet: Tailnet,
  devices: readonly DeviceRecord[],
): Promise<Pending[]> {
  const pending: Pending[] = [];
  const removed: DeviceRecord[] = [];
  const before = await listed(tailnet);
  for (const device of devices) {
    try {
      const reason = "why" in before ? before : await removeOne(deps, tailnet, device, before);
      if (reason === undefined) removed.push(device);
      else pending.push({ device, ...reason });
    } catch (error) {
      pending.push({ device, ...reasonOf(error) });
    }
  }
  pending.push(...(await stillListed(deps, tailnet, removed)));
  const now = deps.clock.now();
  for (const { device, why } of pending) deps.ledger.failDevice(device.id, why, now);
  return pending;
}

/** All devices, or why they cannot be told; asked once, because one that does not answer takes its time. */
async function listed(tailnet: Tailnet): Promise<TailnetDevice[] | Reason> {
  return tailnet.devices().catch(reasonOf);
}

/** @returns why it cannot be removed or proven gone, or undefined when it is gone as far as can be seen by its id */
async function removeOne(
  { clock, ledger }: Pick<Deps, "clock" | "ledger">,
  tailnet: Tailnet,
  device: DeviceRecord,
  all: readonly TailnetDevice[],
): Promise<Reason | undefined> {
  if (device.control !== tailnet.control) {
    const why = `it belongs to ${device.control}, and the configuration names ${tailnet.control}`;
    return because(why, "Run devbox-ctl tailnet cleanup with the configuration that names it", GIVE_UP);
  }
  const { identity } = device;
  if (identity === undefined) return unknownDevice(ledger.devices(), device, all);
  const found = all.find(({ nodeId }) => nodeId === identity.nodeId);
  const others = recordedBeside(ledger.devices(), device);
  const elsewhere = all.find(
    ({ nodeId, nodeKey }) => nodeKey === identity.nodeKey && nodeId !== identity.nodeId && !others.has(nodeId),
  );
  if (elsewhere) return because(`its key is now that of the device ${elsewhere.nodeId}, which is not removed`, GIVE_UP);
  if (found && found.nodeKey !== identity.nodeKey) {
    return because(`the device ${identity.nodeId} has another key than ours had, so it is not removed`, GIVE_UP);
  }
  if (found) await tailnet.remove(identity.nodeId);
  for (let asked = 1; asked <= ASKED.times; asked += 1) {
    if ((await tailnet.device(identity.nodeId)) === undefined) return undefined;
    await clock.sleep(ASKED.after);
    // Also one that was not listed a moment ago: it is ours by its id, and may be on its way.
    if (asked === 1 && !found) {
      return because(`the device ${identity.nodeId} is there, and not in the list of all devices`);
    }
  }
  return because(`the control plane still has the device ${identity.nodeId} after its removal`);
}

/**
 * Node ids of other devices of ours. A box that the control plane has forgotten while it was stopped logs in with the
 * key that it had, and is another device with it.
 */
function recordedBeside(recorded: readonly DeviceRecord[], { id }: DeviceRecord): ReadonlySet<string | undefined> {
  return new Set(recorded.filter((one) => one.id !== id).map(({ identity }) => identity?.nodeId));
}

/**
 * A login that nobody recorded the device of. It is proven gone when no device carries its host name that is not
 * another's or older; one that does is named and left alone, because nothing is removed by a host name.
 */
function unknownDevice(
  recorded: readonly DeviceRecord[],
  device: DeviceRecord,
  all: readonly TailnetDevice[],
): Reason | undefined {
  const known = recordedBeside(recorded, device);
  const isOlder = ({ createdAt }: TailnetDevice) =>
    createdAt !== undefined && createdAt < device.recordedAt - CLOCKS_DIFFER_BY;
  const like = all.filter((one) => one.hostname === device.hostname && !known.has(one.nodeId) && !isOlder(one));
  if (like.length === 0) return undefined;
  const ids = like.map(({ nodeId }) => nodeId).join(", ");
  const why = `a login of ${nameOf(device)} was interrupted, and the device ${ids} may have come of it`;
  return because(why, "If so, remove it in the control plane; it disappears by itself when it is ephemeral", GIVE_UP);
}

/** Looks at the list of all devices once more: a control plane may answer "no such device" too early. */
async function stillListed(
  deps: Pick<Deps, "ledger">,
  tailnet: Tailnet,
  removed: readonly DeviceRecord[],
): Promise<Pending[]> {
  if (removed.length === 0) return [];
  const after = await listed(tailnet);
  if ("why" in after) return removed.map((device) => ({ device, ...after }));
  const recorded = deps.ledger.devices();
  return removed.flatMap((device) => {
    const { identity } = device;
    const others = recordedBeside(recorded, device);
    const there = after.some(
      ({ nodeId, nodeKey }) => nodeId === identity?.nodeId || (nodeKey === identity?.nodeKey && !others.has(nodeId)),
    );
    if (there) return [{ device, ...because("the control plane still lists it after its removal") }];
    deps.ledger.dropDevice(device.id);
    return [];
  });
}

/**
 * Takes up what earlier commands could not prove gone, everybody's; called by every command that touches the tailnet.
 * @param force also what is not due yet
 * @returns what is left of what was tried
 */
export async function releaseLeft(deps: Deps, { force }: { readonly force: boolean }): Promise<Pending[]> {
  const now = deps.clock.now();
  const left = deps.ledger.devices().filter((device) => device.state === "leaving" && (force || isDue(device, now)));
  return left.length === 0 ? [] : releaseAll(deps, left);
}

/** As {@link release}, on the control plane of the configuration, whatever is in the way of asking it. */
export async function releaseAll(deps: Deps, devices: readonly DeviceRecord[]): Promise<Pending[]> {
  let reason: Reason;
  try {
    const tailnet = await deps.tailnet();
    if (tailnet) return await release(deps, tailnet, devices);
    reason = because("the configuration names no tailnet (tailnet.provider)", GIVE_UP);
  } catch (error) {
    reason = reasonOf(error);
  }
  for (const { id } of devices) deps.ledger.failDevice(id, reason.why, deps.clock.now());
  return devices.map((device) => ({ device, ...reason }));
}
