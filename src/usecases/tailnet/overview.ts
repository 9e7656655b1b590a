import { type DeviceRecord, nameOf } from "../../core/device.ts";
import { DevboxError } from "../../core/errors.ts";
import { count, fewLines, quote } from "../../core/text.ts";
import { mayUse } from "../access.ts";
import type { Deps } from "../deps.ts";
import { type Pending, releaseLeft } from "./release.ts";
import { needTailnet } from "./needed.ts";

export interface TailnetOverview {
  readonly title: string;
  readonly control: string;
  /** Why the control plane cannot be asked; undefined when it answers. */
  readonly problem: DevboxError | undefined;
  readonly devices: readonly OverviewDevice[];
}

/** A device of the caller's, and how the control plane has it. */
export interface OverviewDevice {
  readonly record: DeviceRecord;
  /** `unknown`: it could not be asked. `forgotten`: it has no such device. */
  readonly atControl: "online" | "offline" | "forgotten" | "unknown";
}

/**
 * The devices of the caller's boxes, and those that have to go.
 * @throws {DevboxError} TAILNET_NOT_SET_UP
 */
export async function tailnetStatus(deps: Deps): Promise<TailnetOverview> {
  const tailnet = await needTailnet(deps);
  const records = deps.ledger.devices().filter(({ owner }) => mayUse(deps.caller, owner));
  const { title, control } = tailnet;
  try {
    const all = new Map((await tailnet.devices()).map((device) => [device.nodeId, device]));
    const devices = records.map((record) => {
      const device = record.identity && all.get(record.identity.nodeId);
      const isIt = device !== undefined && device.nodeKey === record.identity?.nodeKey;
      if (record.identity === undefined) return { record, atControl: "unknown" as const };
      return {
        record,
        atControl: isIt ? (device.online === true ? "online" : "offline") : ("forgotten" as const),
      } as const;
    });
    return { title, control, problem: undefined, devices };
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    const devices = records.map((record) => ({ record, atControl: "unknown" as const }));
    return { title, control, problem: error, devices };
  }
}

export interface CleanupResult {
  /** How many devices were proven gone just now. */
  readonly gone: number;
  readonly pending: readonly Pending[];
}

/**
 * Tries to have everything removed that has to go, due or not.
 * @param input.forget node id of a device of the caller's that no longer has to be proven gone
 * @throws {DevboxError} USAGE when there is no such device
 */
export async function cleanUp(deps: Deps, input: { readonly forget: string | undefined }): Promise<CleanupResult> {
  if (input.forget !== undefined) deps.ledger.dropDevice(needDevice(deps, input.forget).id);
  const before = leaving(deps);
  const pending = await releaseLeft(deps, { force: true });
  return { gone: before - leaving(deps), pending: pending.filter(({ device }) => mayUse(deps.caller, device.owner)) };
}

const leaving = ({ ledger }: Deps) => ledger.devices().filter(({ state }) => state === "leaving").length;

/**
 * A device of the caller's that has to go.
 * @param device its node id, or its host name when it has none
 * @throws {DevboxError} USAGE
 */
export function needDevice(deps: Deps, device: string): DeviceRecord {
  const found = deps.ledger
    .devices()
    .filter(({ state, owner }) => state === "leaving" && mayUse(deps.caller, owner))
    .find(({ identity, hostname }) => (identity?.nodeId ?? hostname) === device);
  if (found === undefined) {
    throw new DevboxError("USAGE", `no device ${quote(device)} of yours is waiting to be removed.`, {
      next: ["See which are: devbox-ctl tailnet status"],
    });
  }
  return found;
}

/** The error for what could not be proven gone. */
export function stillPending({ pending }: CleanupResult): DevboxError | undefined {
  if (pending.length === 0) return undefined;
  const of = count(pending.length, "device");
  return new DevboxError("DEVICE_PENDING", `${of} of destroyed boxes could not be proven gone.`, {
    why: fewLines(pending.map(({ device, why }) => `${nameOf(device)}: ${why}`)),
    next: [
      "It is tried again by every later command that touches the tailnet",
      "Give one up, when you know better: devbox-ctl tailnet cleanup --forget DEVICE",
    ],
  });
}
