import { lstat, readdir, rename } from "node:fs/promises";
import path from "node:path";
import { byteString, raw, shown } from "./bytes.ts";
import { clash } from "./errors.ts";
import { look } from "./locate.ts";

interface Plan {
  /** From and to, absolute byte strings. */
  readonly moves: (readonly [string, string])[];
  /** Directories that exist on both sides, by their path below the root (byte strings). */
  readonly kept: string[];
}

/**
 * Moves what is in one directory into another, as `cp -r` adds to a directory: files replace files, directories are
 * merged. A link in the target is replaced and never followed. All clashes are found before anything is moved.
 * @returns the directories that were there already, by their path below the root (byte strings)
 * @throws {DevboxError} WRONG_STATE
 */
export async function merge(from: string, to: string): Promise<string[]> {
  const plan: Plan = { moves: [], kept: [] };
  await lookAt(byteString(from), byteString(to), "", plan);
  for (const [source, target] of plan.moves) await rename(raw(source), raw(target));
  return plan.kept;
}

async function lookAt(from: string, to: string, at: string, plan: Plan): Promise<void> {
  plan.kept.push(at);
  for (const name of await readdir(raw(path.join(from, at)), "latin1")) {
    const below = path.join(at, name);
    const [source, target] = [path.join(from, below), path.join(to, below)];
    const [here, there] = await Promise.all([lstat(raw(source)), look(lstat, raw(target))]);
    if (here.isDirectory() && there?.isDirectory()) {
      await lookAt(from, to, below, plan);
      continue;
    }
    if (there && here.isDirectory()) throw clash(shown(target), "not a directory");
    if (there?.isDirectory()) throw clash(shown(target), "a directory");
    if (there && !there.isFile() && !there.isSymbolicLink()) {
      throw clash(shown(target), "neither a file nor a directory");
    }
    plan.moves.push([source, target]);
  }
}
