import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { Millis } from "../../core/time.ts";

export type Json = Readonly<Record<string, unknown>>;

/**
 * Podman's JSON as a list of objects. Written by hand: these run on the start-up path of every command,
 * and podman's documents differ between versions in ways that a strict schema would refuse for nothing.
 * @throws {DevboxError} ENGINE_GARBAGE
 */
export function jsonList(verb: string, text: string): Json[] {
  // Nothing at all is no answer: taken for an empty list, it would make every box look removed.
  const value = parse(verb, text);
  // `ps` and friends print null for "nothing" in some versions.
  if (value === null) return [];
  if (!Array.isArray(value) || !value.every(isObject)) throw garbage(verb, text);
  return value;
}

/** Podman's JSON as one object. @throws {DevboxError} ENGINE_GARBAGE */
export function jsonObject(verb: string, text: string): Json {
  const value = parse(verb, text);
  if (!isObject(value)) throw garbage(verb, text);
  return value;
}

function parse(verb: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw garbage(verb, text);
  }
}

export function garbage(verb: string, text: string): DevboxError {
  return new DevboxError("ENGINE_GARBAGE", `podman ${verb} printed something that devbox-ctl does not understand.`, {
    why: quote(text.trim()),
    next: ["See which podman is used: devbox-ctl doctor"],
  });
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object under a key, or an empty one. */
export function object(json: Json, key: string): Json {
  const value = json[key];
  return isObject(value) ? value : {};
}

export function text(json: Json, key: string): string | undefined {
  const value = json[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A string that must be there. @throws {DevboxError} ENGINE_GARBAGE */
export function need(verb: string, json: Json, key: string): string {
  const value = text(json, key);
  if (value === undefined) throw garbage(verb, `${key} is missing: ${JSON.stringify(json)}`);
  return value;
}

export function integer(json: Json, key: string): number | undefined {
  const value = json[key];
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

export function texts(json: Json, key: string): string[] {
  const value = json[key];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** Labels, which podman prints as null when there are none. */
export function labels(json: Json, key = "Labels"): Record<string, string> {
  const entries = Object.entries(object(json, key)).filter((e): e is [string, string] => typeof e[1] === "string");
  return Object.fromEntries(entries);
}

/** Seconds since the epoch as milliseconds; podman's "never" is year 1 and negative. */
export function fromSeconds(seconds: number | undefined): Millis | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : seconds * 1000;
}

/** An RFC 3339 time as milliseconds; year 1 means never. */
export function fromTimestamp(timestamp: string | undefined): Millis | undefined {
  const time = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(time) || time <= 0 ? undefined : time;
}

/** `2.789MB` and `1.5GiB` as bytes; podman prints both kinds of units. */
export function fromHumanSize(size: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kKMGT]?)(i?)B$/.exec(size?.trim() ?? "");
  if (!match) return undefined;
  const power = ["", "K", "M", "G", "T"].indexOf((match[2] ?? "").toUpperCase());
  return Math.round(Number(match[1]) * (match[3] ? 1024 : 1000) ** power);
}
