import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { quote } from "../../core/text.ts";

export interface PrivateFileOptions {
  /** What it is, for a person: `the service account's token`. */
  readonly what: string;
  /** Whether a symbolic link at the end of the path is refused; secret managers such as agenix use them. */
  readonly noLink?: boolean;
  /** Set for systemd's credentials: systemd gives the reader a right of its own, which shows as root's group's. */
  readonly rootGroupMayRead?: boolean;
}

/** Most bytes of a file with one secret; a service account token has some 850. */
const MOST = 16 * 1024;

const REPLACE = "Others may have read it already: replace what is in it";

/**
 * Reads a file with a secret. It has to be a plain file of the caller's own or root's that nobody else can read. All is
 * asked of the opened file, so it cannot be another one by the time it is read.
 * @returns undefined when there is none
 * @throws {DevboxError} SECRETS_EXPOSED, SECRETS_FAILED
 */
export function readPrivateFile(file: string, options: PrivateFileOptions): Secret | undefined {
  let descriptor: number;
  try {
    // NONBLOCK: a pipe without a writer would be waited for.
    const link = options.noLink === true ? constants.O_NOFOLLOW : 0;
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | link);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "ELOOP") throw exposed(file, options, "It is a symbolic link, which could lead anywhere.", []);
    throw unreadable(file, options, messageOf(error));
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw unreadable(file, options, "It is not a plain file.");
    refuseExposed(file, stats, options);
    return new Secret(textOf(descriptor, file, options));
  } finally {
    closeSync(descriptor);
  }
}

function textOf(descriptor: number, file: string, options: PrivateFileOptions): string {
  const buffer = Buffer.alloc(MOST + 1);
  const size = readSync(descriptor, buffer, 0, buffer.length, 0);
  const text = buffer.toString("utf8", 0, size);
  buffer.fill(0);
  if (size > MOST)
    throw unreadable(file, options, `It has more than ${String(MOST / 1024)} KiB, so it is something else.`);
  return text;
}

/**
 * Refuses a file or a directory that is somebody else's, or that others can read or change.
 * @throws {DevboxError} SECRETS_EXPOSED
 */
export function refuseExposed(path: string, stats: Stats, options: PrivateFileOptions): void {
  const caller = process.getuid?.() ?? 0;
  if (stats.uid !== caller && stats.uid !== 0) {
    const why = `It belongs to the user with the id ${String(stats.uid)}, who can read and change it.`;
    throw exposed(path, options, why, [`Take it over: chown "$(id -u)" ${shellWord(path)}`, REPLACE]);
  }
  // The right to write to a directory is the right to put another file in a file's place.
  const others = stats.mode & 0o077;
  if (others === 0) return;
  if (options.rootGroupMayRead === true && stats.gid === 0 && (others & 0o037) === 0) return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, "0");
  throw exposed(path, options, `Its mode is ${mode}: others than its owner can get at it.`, [
    `Close it: chmod ${stats.isDirectory() ? "0700" : "0600"} ${shellWord(path)}`,
    REPLACE,
  ]);
}

function exposed(path: string, { what }: PrivateFileOptions, why: string, next: readonly string[]): DevboxError {
  return new DevboxError("SECRETS_EXPOSED", `${what} is not safe in ${quote(path)}; it was not used.`, {
    why,
    next: next.length > 0 ? next : ["Put a plain file in its place"],
  });
}

function unreadable(path: string, { what }: PrivateFileOptions, why: string): DevboxError {
  return new DevboxError("SECRETS_FAILED", `${what} cannot be read from ${quote(path)}.`, {
    why,
    next: ["Put a plain file there which this user can read, and nobody else"],
  });
}

/** A path as a word that can be pasted into a shell. */
function shellWord(path: string): string {
  return /^[\w./@:+-]+$/.test(path)
    ? path
    : `'${quote(path)
        .slice(1, -1)
        .replaceAll("'", String.raw`'\''`)}'`;
}
