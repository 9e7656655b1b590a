import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

/** Root's own files, in directories that root alone can write. */

/** What is at a path itself, links not followed; undefined for nothing. */
export function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Four octal digits. */
export function modeOf(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, "0");
}

/** Text of a plain file that is not read through a link, and never waited for; undefined when it is none. */
export function plainText(path: string, most = 1024 * 1024): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(file);
    return stats.isFile() && stats.size <= most ? readFileSync(file, "utf8") : undefined;
  } finally {
    closeSync(file);
  }
}

export interface WrittenFile {
  readonly path: string;
  readonly text: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Puts a file in place whole or not at all, also when the power fails. The unfinished one has a dot in its name, so
 * that neither sudo nor sshd nor systemd reads it.
 * @param check looks at the unfinished file; what it throws is thrown, and nothing is in place
 */
export async function putFile(file: WrittenFile, check: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = join(dirname(file.path), `.${basename(file.path)}.setup-new`);
  rmSync(unfinished, { force: true, recursive: true });
  const handle = openSync(unfinished, "wx", 0o600);
  try {
    writeSync(handle, file.text);
    fchownSync(handle, file.uid, file.gid);
    fchmodSync(handle, Number.parseInt(file.mode, 8));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    await check(unfinished);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  renameSync(unfinished, file.path);
  syncDirectory(dirname(file.path));
}

/** Makes names in a directory last. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
