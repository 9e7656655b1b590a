import { type DeviceRecord, forgettable, nameOf } from "../../core/device.ts";
import { DevboxError } from "../../core/errors.ts";
import { count, fewLines, quote } from "../../core/text.ts";
import { mayUse } from "../access.ts";
import type { Deps } from "../deps.ts";
import { ownersIn, type Scope } from "../owners.ts";
import { requireOwner } from "../users/deps.ts";
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
 * The devices of the caller's boxes, or of those that an administrator asks for, and those that have to go.
 * @throws {DevboxError} TAILNET_NOT_SET_UP, NOT_PERMITTED, USER_NOT_FOUND
 */
export async function tailnetStatus(deps: Deps, scope: Scope = {}): Promise<TailnetOverview> {
  const isMeant = ownersIn(deps.caller, scope);
  const tailnet = await needTailnet(deps);
  const records = deps.ledger.devices().filter(({ owner }) => isMeant(owner));
  requireOwner(deps, scope, records.length);
  const { title, control } = tailnet;
  try {
    const all = new Map((await tailnet.devices()).map((device) => [device.nodeId, device]));
    const devices = records.map((record) => {
      const device = record.identity && all.get(record.identity.nodeId);
      const isIt = device !== undefined && device.nodeKey === record.identity?.nodeKey;
      if (record.identity === undefined || record.control !== control) return { record, atControl: "unknown" as const };
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
  if (input.forget !== undefined) {
    deps.ledger.dropDevice(needDevice(deps, input.forget).id);
    return { gone: 0, pending: [] };
  }
  const before = leaving(deps);
  const pending = await releaseLeft(deps, { force: true });
  return { gone: before - leaving(deps), pending: pending.filter(({ device }) => mayUse(deps.caller, device.owner)) };
}

const leaving = ({ ledger, caller }: Deps) =>
  ledger.devices().filter(({ state, owner }) => state === "leaving" && mayUse(caller, owner)).length;

/**
 * A device of the caller's that has to go.
 * @param device its node id, or `#` and its number in the ledger
 * @throws {DevboxError} USAGE, also when several are meant
 */
export function needDevice(deps: Deps, device: string): DeviceRecord {
  const found = deps.ledger
    .devices()
    .filter((one) => one.state !== "joined" && mayUse(deps.caller, one.owner))
    .filter((one) => forgettable(one) === device || `#${String(one.id)}` === device);
  const [first] = found;
  if (first && found.length === 1) return first;
  if (first) {
    const each = found.map(({ id, control }) => `#${String(id)} at ${control}`).join(", ");
    throw new DevboxError("USAGE", `there are several devices ${quote(device)}: ${each}.`, {
      next: [`devbox-ctl tailnet cleanup --forget '#${String(first.id)}'`],
    });
  }
  throw new DevboxError("USAGE", `no device ${quote(device)} of yours is waiting to be removed.`, {
    next: ["See which are, in the column DEVICE: devbox-ctl tailnet status"],
  });
}

/** The error for what could not be proven gone. */
export function stillPending({ pending }: CleanupResult): DevboxError | undefined {
  if (pending.length === 0) return undefined;
  const of = count(pending.length, "device");
  return new DevboxError("DEVICE_PENDING", `${of} of destroyed boxes could not be proven gone.`, {
    why: fewLines(pending.map(({ device, why }) => `${nameOf(device)}: ${why}`)),
    next: [
      ...new Set(pending.flatMap(({ next }) => next)),
      "It is tried again by every later command that touches the tailnet",
      "See what is left: devbox-ctl tailnet status",
    ],
  });
}
