import { access, constants, lstat, realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { Stats } from "node:fs";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { Incoming } from "../../ports/local-files.ts";
import { clash, onPath } from "./errors.ts";

/** Where a copy goes. */
export interface Place {
  /** Absolute, and free of links up to its last component. */
  readonly path: string;
  /** Whether it exists already: a file to be replaced, a directory to be added to. */
  readonly exists: boolean;
}

/**
 * Finds where `cp -r` would put it. The path that the user typed is followed through links, as cp does; what lies
 * below it is not, because an earlier copy from a box may have put a link there.
 * @throws {DevboxError} WRONG_STATE for a clash of kinds, NO_SUCH_FILE, NOT_PERMITTED
 */
export function locate(target: string, incoming: Incoming): Promise<Place> {
  return onPath(target, async () => {
    const facts = await look(stat, target);
    if (facts === undefined) return await locateNew(target, incoming);
    const real = await realpath(target);
    if (!facts.isDirectory()) {
      if (target.endsWith("/")) throw clash(target, "not a directory");
      return await existing(real, facts, incoming);
    }
    if (incoming.name === undefined) return await existing(real, facts, incoming);
    const inside = path.join(real, incoming.name);
    const there = await look(lstat, inside);
    if (there !== undefined) return await existing(inside, there, incoming);
    await access(real, constants.W_OK | constants.X_OK);
    return { path: inside, exists: false };
  });
}

async function locateNew(target: string, incoming: Incoming): Promise<Place> {
  if (await look(lstat, target.replace(/\/+$/, ""))) throw clash(target, "a link that leads nowhere");
  if (incoming.kind === "file" && target.endsWith("/")) {
    throw new DevboxError("NO_SUCH_FILE", `there is no directory ${quote(target)} on this machine.`, {
      next: [`Make it first: mkdir ${quote(target)}`],
    });
  }
  const parent = await realpath(path.dirname(target));
  await access(parent, constants.W_OK | constants.X_OK);
  return { path: path.join(parent, path.basename(target)), exists: false };
}

async function existing(place: string, facts: Stats, incoming: Incoming): Promise<Place> {
  if (facts.isDirectory()) {
    if (incoming.kind === "file") throw clash(place, "a directory");
    await access(place, constants.W_OK | constants.X_OK);
    return { path: place, exists: true };
  }
  if (incoming.kind === "directory") throw clash(place, "not a directory");
  if (facts.isFile()) await access(place, constants.W_OK);
  else if (!facts.isSymbolicLink()) throw clash(place, "neither a file nor a directory (for standard output say -)");
  return { path: place, exists: true };
}

/** Undefined when there is nothing. */
export async function look<P extends string | Buffer>(
  how: (path: P) => Promise<Stats>,
  target: P,
): Promise<Stats | undefined> {
  try {
    return await how(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
