import { readPaired, readPassword, readStatus, readUnpaired } from "../../core/syncthing-answers.ts";
import { type PendingDevice, parseDeviceId, type SyncthingStatus } from "../../core/syncthing.ts";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { Deps } from "../deps.ts";
import { askSyncthing, runningBox } from "./program.ts";

export interface PairInput {
  readonly name: string;
  /** Undefined: only tells what the other side needs to know. */
  readonly device: string | undefined;
  /** What to call the device; its own name when left out. */
  readonly label: string | undefined;
  /** Where the box reaches the device; left out, the device has to come to the box. */
  readonly address: string | undefined;
}

export interface PairResult {
  readonly name: string;
  /** The box's own id. */
  readonly deviceId: string;
  readonly paired: { readonly device: string; readonly added: boolean } | undefined;
  /** Devices that have asked to be let in. */
  readonly pending: readonly PendingDevice[];
}

/**
 * Lets a device in and shares the folder with it; what was paired stays so. FR-041
 * @throws {DevboxError} BOX_NOT_FOUND, USAGE, WRONG_STATE, NOT_READY, the ENGINE_ codes
 */
export async function pairSyncthing(deps: Deps, input: PairInput): Promise<PairResult> {
  const { label, address } = input;
  const device = input.device === undefined ? undefined : parseDeviceId(input.device);
  checkOptions(input);
  const box = await runningBox(deps, input.name);
  if (device === undefined) {
    const { deviceId, pending } = readStatus(await askSyncthing(deps, box, ["status"]));
    return { name: box.name, deviceId, paired: undefined, pending };
  }
  const options = [
    ...(label === undefined ? [] : ["--name", label]),
    ...(address === undefined ? [] : ["--address", address]),
  ];
  const { deviceId, added } = readPaired(await askSyncthing(deps, box, ["pair", device, ...options]));
  return { name: box.name, deviceId, paired: { device, added }, pending: [] };
}

function checkOptions({ device, label, address }: PairInput): void {
  if (device === undefined && (label !== undefined || address !== undefined)) {
    throw new DevboxError("USAGE", "--name and --address say something of a device, and no DEVICE-ID was given.");
  }
  if (label !== undefined && (label === "" || /\p{Cc}/u.test(label) || Buffer.byteLength(label) > 200)) {
    throw new DevboxError("USAGE", `${quote(label)} cannot be the name of a device.`, {
      why: "It has 1 to 200 bytes and no control characters.",
    });
  }
  if (address !== undefined && !/^tcp:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\]):\d{1,5}$/.test(address)) {
    throw new DevboxError("USAGE", `${quote(address)} is no address of a device.`, {
      why: "It is tcp://HOST:PORT.",
      next: ["For example: --address tcp://192.0.2.7:22000"],
    });
  }
}

/**
 * Takes a device out of everything that is shared; the files stay on both sides. One that is not in is no error.
 * @throws {DevboxError} as {@link pairSyncthing}
 */
export async function unpairSyncthing(
  deps: Deps,
  input: { readonly name: string; readonly device: string },
): Promise<{ readonly name: string; readonly device: string; readonly removed: boolean }> {
  const device = parseDeviceId(input.device);
  const box = await runningBox(deps, input.name);
  return { name: box.name, device, removed: readUnpaired(await askSyncthing(deps, box, ["unpair", device])) };
}

/**
 * What a box's Syncthing shares, with whom, and how far it is.
 * @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE, the ENGINE_ codes
 */
export async function syncthingStatus(
  deps: Deps,
  input: { readonly name: string },
): Promise<SyncthingStatus & { readonly name: string }> {
  const box = await runningBox(deps, input.name);
  return { name: box.name, ...readStatus(await askSyncthing(deps, box, ["status"])) };
}

/**
 * Gives the interface for a browser a new password.
 * @throws {DevboxError} as {@link syncthingStatus}, and NOT_READY
 */
export async function resetSyncthingPassword(
  deps: Deps,
  input: { readonly name: string },
): Promise<{ readonly name: string; readonly password: string }> {
  const box = await runningBox(deps, input.name);
  return { name: box.name, password: readPassword(await askSyncthing(deps, box, ["password"])) };
}
