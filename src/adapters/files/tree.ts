import type { Stats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { byteString, raw, shown } from "./bytes.ts";

/** Set-user-id, set-group-id and sticky. */
const SPECIAL_BITS = 0o7000;
const OWNER_ALL = 0o700;

/** Directories by their path below a root (a byte string), and the permission bits they are to have in the end. */
export type Modes = Map<string, number>;

/**
 * Goes through a tree that came from a box and lies in a private directory. Special bits are taken off, and
 * directories that even their owner may not enter are opened until the tree has been moved.
 * @returns the directories that were opened, parents first
 * @throws {DevboxError} NOT_PERMITTED for anything but files, directories and symbolic links, and for a file that
 * has a name outside of the tree
 */
export async function checkTree(tree: string): Promise<Modes> {
  const root = byteString(tree);
  const opened: Modes = new Map();
  const links = new Map<number, { name: string; missing: number }>();
  const directories = [""];
  for (let at = directories.pop(); at !== undefined; at = directories.pop()) {
    await openDirectory(path.join(root, at), at, opened);
    for (const name of await readdir(raw(path.join(root, at)), "latin1")) {
      const below = path.join(at, name);
      const facts = await lstat(raw(path.join(root, below)));
      if (facts.isDirectory()) directories.push(below);
      else if (facts.isFile()) await checkFile(path.join(root, below), below, facts, links);
      else if (!facts.isSymbolicLink()) throw refused(below, "which is neither a file, a directory nor a link");
    }
  }
  for (const { name, missing } of links.values()) {
    if (missing > 0) throw refused(name, "which is a hard link to something else");
  }
  return opened;
}

async function openDirectory(full: string, at: string, opened: Modes): Promise<void> {
  const mode = (await lstat(raw(full))).mode & 0o7777;
  const wanted = mode & ~SPECIAL_BITS;
  if ((wanted & OWNER_ALL) !== OWNER_ALL) opened.set(at, wanted);
  if ((wanted | OWNER_ALL) !== mode) await chmod(raw(full), wanted | OWNER_ALL);
}

async function checkFile(
  full: string,
  name: string,
  facts: Stats,
  links: Map<number, { name: string; missing: number }>,
): Promise<void> {
  if ((facts.mode & SPECIAL_BITS) !== 0) await chmod(raw(full), facts.mode & 0o777);
  if (facts.nlink === 1) return;
  const known = links.get(facts.ino) ?? { name, missing: facts.nlink };
  links.set(facts.ino, { ...known, missing: known.missing - 1 });
}

function refused(name: string, why: string): DevboxError {
  return new DevboxError("NOT_PERMITTED", `the copy was refused: it has ${quote(shown(name))}, ${why}.`, {
    why: "Only files, directories and symbolic links are taken from a box.",
    next: ["Nothing of it was kept; leave that out, or pack it in the box and copy the archive"],
  });
}

/** Gives directories the permission bits they are to have; children first, as a parent may be closed by that. */
export async function closeDirectories(tree: string, modes: Modes): Promise<void> {
  const root = byteString(tree);
  const deepestFirst = [...modes].sort(([a], [b]) => b.length - a.length);
  for (const [below, mode] of deepestFirst) await chmod(raw(path.join(root, below)), mode);
}

/** Makes every directory of a tree one that its owner can empty, as far as that can be done. */
export async function openDirectories(tree: string): Promise<void> {
  const directories = [byteString(tree)];
  for (let at = directories.pop(); at !== undefined; at = directories.pop()) {
    const here = at;
    const names = await chmod(raw(here), OWNER_ALL)
      .then(() => readdir(raw(here), "latin1"))
      .catch(() => []);
    for (const name of names) {
      const below = path.join(here, name);
      const facts = await lstat(raw(below)).catch(() => undefined);
      if (facts?.isDirectory()) directories.push(below);
    }
  }
}
