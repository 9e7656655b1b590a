import { DevboxError } from "./errors.ts";
import type { PendingDevice, SyncDevice, SyncFolder, SyncthingSetup, SyncthingStatus } from "./syncthing.ts";
import { quote } from "./text.ts";
import type { Millis } from "./time.ts";

type Json = Readonly<Record<string, unknown>>;

/** What `syncthing setup` prints in a box. @throws {DevboxError} ENGINE_GARBAGE */
export function readSetup(text: string): SyncthingSetup {
  return read(text, (json) => ({ deviceId: deviceIdOf(json), password: maybe(json, "password") }));
}

/** What `syncthing password` prints. @throws {DevboxError} ENGINE_GARBAGE */
export function readPassword(text: string): string {
  return read(text, (json) => need(json, "password"));
}

/** What `syncthing pair` prints. @throws {DevboxError} ENGINE_GARBAGE */
export function readPaired(text: string): { readonly deviceId: string; readonly added: boolean } {
  return read(text, (json) => ({ deviceId: deviceIdOf(json), added: json.added === true }));
}

/** What `syncthing unpair` prints. @throws {DevboxError} ENGINE_GARBAGE */
export function readUnpaired(text: string): boolean {
  return read(text, (json) => json.removed === true);
}

/** What `syncthing status` prints. @throws {DevboxError} ENGINE_GARBAGE */
export function readStatus(text: string): SyncthingStatus {
  return read(text, (json) => {
    const discovery = object(json.discovery);
    return {
      deviceId: deviceIdOf(json),
      version: need(json, "version"),
      password: object(json.gui).password === true,
      listeners: list(json, "listeners").map((each) => ({
        address: need(each, "address"),
        error: maybe(each, "error"),
      })),
      discovery: {
        global: discovery.global === true,
        local: discovery.local === true,
        relays: discovery.relays === true,
      },
      folders: list(json, "folders").map(folder),
      devices: list(json, "devices").map(device),
      pending: list(json, "pending").map(pending),
      messages: list(json, "messages").map((each) => ({ at: time(each, "at"), text: maybe(each, "text") ?? "" })),
    };
  });
}

function folder(json: Json): SyncFolder {
  const conflicts = object(json.conflicts);
  return {
    id: need(json, "id"),
    path: need(json, "path"),
    state: need(json, "state"),
    error: maybe(json, "error"),
    devices: texts(json, "devices"),
    files: number(json, "files") ?? 0,
    bytes: number(json, "bytes") ?? 0,
    needFiles: number(json, "needFiles") ?? 0,
    needBytes: number(json, "needBytes") ?? 0,
    completion: number(json, "completion") ?? 0,
    failedFiles: number(json, "failedFiles") ?? 0,
    failures: list(json, "failures").map((each) => ({
      path: maybe(each, "path") ?? "",
      error: maybe(each, "error") ?? "",
    })),
    conflicts: {
      count: number(conflicts, "count") ?? 0,
      complete: conflicts.complete === true,
      files: texts(conflicts, "files"),
    },
  };
}

function device(json: Json): SyncDevice {
  return {
    id: need(json, "id"),
    name: maybe(json, "name"),
    connected: json.connected === true,
    paused: json.paused === true,
    address: maybe(json, "connectedFrom"),
    lastSeen: time(json, "lastSeen"),
    completion: number(json, "completion"),
  };
}

function pending(json: Json): PendingDevice {
  return {
    id: need(json, "id"),
    name: maybe(json, "name"),
    address: maybe(json, "address"),
    since: time(json, "since"),
  };
}

/** The box's own device id, in the one form that there is: it is printed, copied and typed into other programs. */
function deviceIdOf(json: Json): string {
  const id = need(json, "deviceId");
  if (!/^[A-Z2-7]{7}(-[A-Z2-7]{7}){7}$/.test(id)) throw new Unreadable();
  return id;
}

/** Thrown by the readers below, and turned into an error that quotes the answer by {@link read}. */
class Unreadable extends Error {}

function read<T>(text: string, as: (json: Json) => T): T {
  try {
    const json = JSON.parse(text) as unknown;
    if (isObject(json)) return as(json);
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof SyntaxError)) throw error;
  }
  throw new DevboxError("ENGINE_GARBAGE", "the box answered something about Syncthing that cannot be understood.", {
    why: quote(text.trim()),
    next: ["Its image may be newer or older than this devbox-ctl: devbox-ctl doctor"],
  });
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

function list(json: Json, key: string): Json[] {
  const value = json[key];
  if (Array.isArray(value) && value.every(isObject)) return value;
  throw new Unreadable(key);
}

function texts(json: Json, key: string): string[] {
  const value = json[key];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

function maybe(json: Json, key: string): string | undefined {
  const value = json[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function need(json: Json, key: string): string {
  const value = maybe(json, key);
  if (value === undefined) throw new Unreadable(key);
  return value;
}

function number(json: Json, key: string): number | undefined {
  const value = json[key];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function time(json: Json, key: string): Millis | undefined {
  const value = Date.parse(maybe(json, key) ?? "");
  return Number.isNaN(value) || value <= 0 ? undefined : value;
}
