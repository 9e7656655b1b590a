import { formatSize } from "../../core/size.ts";
import {
  type PendingDevice,
  SYNC_FOLDER,
  SYNC_GUI,
  SYNC_PORT,
  type SyncDevice,
  type SyncFolder,
} from "../../core/syncthing.ts";
import { clipped, count, printable } from "../../core/text.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { PairResult, syncthingStatus } from "../../usecases/syncthing/pair.ts";
import type { EnableResult } from "../../usecases/syncthing/switch.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { facts } from "./table.ts";

type StatusResult = Awaited<ReturnType<typeof syncthingStatus>>;

/** The end of `syncthing enable`. */
export function presentEnabled(style: Style, { name, deviceId, password }: EnableResult): string {
  return [
    facts(style, [
      ["device id", style.strong(deviceId)],
      ["folder", SYNC_FOLDER.path],
      ["interface", `${SYNC_GUI.url} in the box, user ${SYNC_GUI.user}`],
      ["password", passwordLine(style, name, password)],
    ]),
    "",
    `  ${style.strong("→")} Pair a device: devbox-ctl syncthing pair ${name}`,
    `  ${style.strong("→")} Look at it without a tailnet: devbox-ctl port-forward ${name} ${String(SYNC_GUI.port + 1)}:${String(SYNC_GUI.port)}`,
  ].join("\n");
}

function passwordLine(style: Style, name: string, password: string | undefined): string {
  if (password === undefined) return `as it was; a new one: devbox-ctl syncthing password ${name}`;
  return `${style.strong(printable(password))}\n(shown this once; a new one: devbox-ctl syncthing password ${name})`;
}

/** The end of `syncthing pair`. */
export function presentPaired(style: Style, { name, deviceId, paired, pending }: PairResult): string {
  if (paired === undefined) {
    return [
      facts(style, [["device id", style.strong(printable(deviceId))]]),
      "",
      ...otherSide(name, deviceId),
      `  Then let it in here: devbox-ctl syncthing pair ${name} DEVICE-ID`,
      ...pending.map((device) => `  ${style.strong("→")} ${pendingLine(name, device)}`),
    ].join("\n");
  }
  const { device, added } = paired;
  return [
    `  ${name} ${added ? "lets in" : "knew"} ${device}.`,
    `  ${SYNC_FOLDER.path} is shared with it.`,
    ...(added ? ["", ...otherSide(name, deviceId)] : []),
  ].join("\n");
}

/** What has to be done by hand at the device, because a device is only let in from its own side. */
function otherSide(name: string, deviceId: string): string[] {
  const port = String(SYNC_PORT);
  // The device has a Syncthing of its own, which holds the usual port.
  const forwarded = String(SYNC_PORT + 1);
  return [
    "  On the other device, in Syncthing's own interface:",
    `    1. Add Remote Device: ${printable(deviceId)}`,
    `       Advanced, Addresses: tcp://${name}:${port} over the tailnet;`,
    `       without one tcp://127.0.0.1:${forwarded}, while this runs: devbox-ctl port-forward ${name} ${forwarded}:${port}`,
    `    2. Take the folder "${SYNC_FOLDER.id}" when it asks, and say where it is to be.`,
  ];
}

function pendingLine(name: string, { id, name: called }: PendingDevice): string {
  return `asks to be let in${called === undefined ? "" : ` (${clipped(called)})`}: devbox-ctl syncthing pair ${name} ${clipped(id)}`;
}

/** `syncthing status` for a person. */
export function presentSyncthing(style: Style, result: StatusResult, now: Millis): string {
  const { global, local, relays } = result.discovery;
  const on = [
    ...(global ? ["global discovery"] : []),
    ...(local ? ["local discovery"] : []),
    ...(relays ? ["relays"] : []),
  ];
  const listening = result.listeners.map(
    ({ address, error }) => clipped(address) + (error === undefined ? "" : style.bad(` ${clipped(error)}`)),
  );
  return facts(style, [
    ["device id", style.strong(clipped(result.deviceId))],
    ["version", clipped(result.version)],
    ["interface", SYNC_GUI.url + (result.password ? "" : style.warn("   without a password"))],
    ["listens on", listening.join("\n") || "nothing"],
    ["looks for others by", on.length === 0 ? undefined : style.warn(on.join(", "))],
    ...result.folders.map((folder) => [`folder ${clipped(folder.id)}`, folderLines(style, folder)] as const),
    ...result.devices.map(
      (device) => [`device ${clipped(device.name ?? device.id.slice(0, 7))}`, deviceLines(style, device, now)] as const,
    ),
    ...result.pending.map((device) => ["waiting", style.warn(pendingLine(result.name, device))] as const),
    ...result.messages.map(
      ({ at, text }) => ["warning", `${printable(text)}${at === undefined ? "" : `, ${ago(at, now)}`}`] as const,
    ),
  ]);
}

function folderLines(style: Style, folder: SyncFolder): string {
  const { conflicts } = folder;
  const missing = `${count(folder.needFiles, "change")} (${formatSize(folder.needBytes)}) still to come`;
  return [
    `${clipped(folder.path)}, ${clipped(folder.state)}, ${count(folder.files, "file")} (${formatSize(folder.bytes)})`,
    ...(folder.error === undefined ? [] : [style.bad(clipped(folder.error))]),
    ...(folder.needFiles === 0 ? [] : [`${String(folder.completion)} %: ${missing}`]),
    ...(folder.devices.length === 0 ? [style.warn("shared with nobody yet")] : []),
    ...(folder.failedFiles === 0 ? [] : [style.bad(`${count(folder.failedFiles, "file")} cannot be synced:`)]),
    ...folder.failures.map(({ path, error }) => `  ${clipped(path)}: ${clipped(error)}`),
    ...(conflicts.count === 0
      ? []
      : [
          style.warn(
            `${conflicts.complete ? "" : "at least "}${count(conflicts.count, "conflict")}, to be merged by hand:`,
          ),
        ]),
    ...conflicts.files.map((file) => `  ${clipped(file)}`),
  ].join("\n");
}

function deviceLines(style: Style, device: SyncDevice, now: Millis): string {
  const seen = device.lastSeen === undefined ? "never seen" : `last seen ${ago(device.lastSeen, now)}`;
  const state = device.connected
    ? `connected from ${clipped(device.address ?? "somewhere")}`
    : `not connected, ${seen}`;
  const has = device.completion === undefined ? "" : `, has ${String(device.completion)} %`;
  return `${device.paused ? "paused" : state}${has}\n${style.faint(clipped(device.id))}`;
}

/** `syncthing enable --json`; its schema is docs/json/syncthing-enable.schema.json. */
export function enabledJson({ name, deviceId, password }: EnableResult) {
  return {
    name,
    enabled: true as const,
    deviceId,
    folder: SYNC_FOLDER.path,
    gui: { url: SYNC_GUI.url, user: SYNC_GUI.user, password: orNull(password) },
  };
}

const pendingJson = (pending: readonly PendingDevice[]) =>
  pending.map(({ id, name, address, since }) => ({
    id,
    name: orNull(name),
    address: orNull(address),
    since: jsonTime(since),
  }));

/** `syncthing pair --json`; its schema is docs/json/syncthing-pair.schema.json. */
export function pairedJson({ name, deviceId, paired, pending }: PairResult) {
  return { name, deviceId, folder: SYNC_FOLDER.path, paired: orNull(paired), pending: pendingJson(pending) };
}

/** `syncthing status --json`; its schema is docs/json/syncthing-status.schema.json. */
export function syncthingJson({ name, ...status }: StatusResult) {
  return {
    name,
    deviceId: status.deviceId,
    version: status.version,
    gui: { url: SYNC_GUI.url, password: status.password },
    listeners: status.listeners.map(({ address, error }) => ({ address, error: orNull(error) })),
    discovery: { ...status.discovery },
    folders: status.folders.map(({ error, devices, failures, conflicts, ...folder }) => ({
      ...folder,
      error: orNull(error),
      devices: [...devices],
      failures: failures.map((failure) => ({ ...failure })),
      conflicts: { ...conflicts, files: [...conflicts.files] },
    })),
    devices: status.devices.map(({ id, name: called, connected, paused, address, lastSeen, completion }) => ({
      id,
      name: orNull(called),
      connected,
      paused,
      address: orNull(address),
      lastSeen: jsonTime(lastSeen),
      completion: orNull(completion),
    })),
    pending: pendingJson(status.pending),
    messages: status.messages.map(({ at, text }) => ({ at: jsonTime(at), text })),
  };
}
