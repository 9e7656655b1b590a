import { DevboxError } from "./errors.ts";
import { quote } from "./text.ts";
import type { Millis } from "./time.ts";

/** The folder that a box shares, as Syncthing knows it, and where it is in the box. FR-040 */
export const SYNC_FOLDER: { readonly id: string; readonly path: string } = { id: "sync", path: "/home/dev/sync" };

/** Where Syncthing listens in a box, and who its interface for a browser lets in. FR-038 */
export const SYNC_GUI: { readonly url: string; readonly port: number; readonly user: string } = {
  url: "http://127.0.0.1:8384",
  port: 8384,
  user: "dev",
};
export const SYNC_PORT = 22000;

/** A Syncthing that was set up. */
export interface SyncthingSetup {
  readonly deviceId: string;
  /** Only of the run that made it; nobody can ask for it again. */
  readonly password: string | undefined;
}

interface Conflicts {
  readonly count: number;
  /** False when the search ended at its limit or could not read everything. */
  readonly complete: boolean;
  /** The first ten, relative to the folder. */
  readonly files: readonly string[];
}

export interface SyncFolder {
  readonly id: string;
  readonly path: string;
  /** idle, scanning, syncing, error, paused, … in Syncthing's words. */
  readonly state: string;
  readonly error: string | undefined;
  /** Ids of the devices it is shared with, without the box's own. */
  readonly devices: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** What other devices have and this one has not yet. */
  readonly needFiles: number;
  readonly needBytes: number;
  /** Per cent of the bytes that are here. */
  readonly completion: number;
  /** Files that could not be synced, and the first five of them with the reason. */
  readonly failedFiles: number;
  readonly failures: readonly { readonly path: string; readonly error: string }[];
  readonly conflicts: Conflicts;
}

export interface SyncDevice {
  readonly id: string;
  readonly name: string | undefined;
  readonly connected: boolean;
  readonly paused: boolean;
  readonly address: string | undefined;
  readonly lastSeen: Millis | undefined;
  /** Per cent of what it shares with the box that it has; undefined when Syncthing does not know. */
  readonly completion: number | undefined;
}

/** A device that has asked to be let in. */
export interface PendingDevice {
  readonly id: string;
  readonly name: string | undefined;
  readonly address: string | undefined;
  readonly since: Millis | undefined;
}

export interface SyncthingStatus {
  readonly deviceId: string;
  readonly version: string;
  /** Whether the interface asks for a password; its owner may have taken it away. */
  readonly password: boolean;
  readonly listeners: readonly { readonly address: string; readonly error: string | undefined }[];
  readonly discovery: { readonly global: boolean; readonly local: boolean; readonly relays: boolean };
  readonly folders: readonly SyncFolder[];
  readonly devices: readonly SyncDevice[];
  readonly pending: readonly PendingDevice[];
  /** Its last five warnings. */
  readonly messages: readonly { readonly at: Millis | undefined; readonly text: string }[];
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Of these two a person cannot tell which they read, and only one is in the alphabet. */
const MISREAD: Readonly<Record<string, string>> = { 0: "O", 1: "I", 8: "B" };

/**
 * A device id in its full form: eight groups of seven.
 * Its four check characters are verified, so that a typing error is told before anything is done.
 * @throws {DevboxError} USAGE
 */
export function parseDeviceId(text: string): string {
  const letters = text
    .toUpperCase()
    .replace(/[\s-]/g, "")
    .replace(/[018]/g, (digit) => MISREAD[digit] ?? digit);
  if (!/^[A-Z2-7]{56}$/.test(letters)) {
    throw notAnId(text, "A device id has eight groups of seven letters and digits.");
  }
  for (let at = 0; at < 56; at += 14) {
    if (checkCharacter(letters.slice(at, at + 13)) !== letters[at + 13]) {
      throw notAnId(text, `A check character does not fit: look at ${groupsOf(letters.slice(at, at + 14))}.`);
    }
  }
  return groupsOf(letters);
}

function groupsOf(letters: string): string {
  return (letters.match(/.{7}/g) ?? []).join("-");
}

function notAnId(text: string, why: string): DevboxError {
  return new DevboxError("USAGE", `${quote(text)} is no device id.`, {
    why,
    next: ["Copy it from the other device: Actions, Show ID; or: syncthing cli show system | grep myID"],
  });
}

/** Syncthing's variant of Luhn's algorithm in base 32, which runs from the left. */
function checkCharacter(thirteen: string): string | undefined {
  let sum = 0;
  for (let at = 0; at < thirteen.length; at += 1) {
    const product = BASE32.indexOf(thirteen.charAt(at)) * (at % 2 === 0 ? 1 : 2);
    sum += Math.floor(product / 32) + (product % 32);
  }
  return BASE32[(32 - (sum % 32)) % 32];
}
