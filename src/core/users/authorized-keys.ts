import { createHash } from "node:crypto";
import { DevboxError } from "../errors.ts";
import { readSshKey, type SshKey } from "../ssh-key.ts";
import { count, quote } from "../text.ts";
import { keptComment } from "./given-keys.ts";

/** A key by which a user comes to the service account. */
export interface BoundKey extends SshKey {
  readonly user: string;
}

const HEADER = "# Written by devbox-ctl user add-key; other lines make it refuse to touch this file.";

/**
 * A line of ours: nothing but the program for exactly one user, and no forwarding. sshd hands the command to a shell, so
 * nothing in it may mean anything to one.
 */
const LINE = /^restrict,pty,command="\/[\w./@:+-]+ --as ([a-z_][a-z0-9_-]{0,30}) gate" (\S.*)$/;

/** Paths that mean nothing but themselves to a shell and to sshd. */
const PLAIN_PATH = /^\/[\w./@:+-]+$/;

/**
 * The keys in the service account's file.
 * @throws {DevboxError} WRONG_STATE for a line that this program did not write
 */
export function parseAuthorizedKeys(text: string, file: string): BoundKey[] {
  const foreign: number[] = [];
  const keys = text.split("\n").flatMap((line, at) => {
    if (line === "" || line === HEADER) return [];
    const key = boundKey(line);
    if (key === undefined) foreign.push(at + 1);
    return key ?? [];
  });
  if (foreign.length > 0) throw foreignLines(file, foreign);
  return keys;
}

function boundKey(line: string): BoundKey | undefined {
  const [, user, key] = LINE.exec(line) ?? [];
  if (user === undefined || key === undefined) return undefined;
  try {
    const read = readSshKey(key);
    return { user, ...read, comment: keptComment(read.comment) };
  } catch {
    return undefined;
  }
}

/**
 * Whether somebody who came by a key may still do so: a connection outlives the line that let it in, and new commands
 * come over it. Lines that are not ours bind nobody.
 * @param proven what sshd says they came with (ExposeAuthInfo), lines `publickey TYPE BLOB`; undefined: it does not say
 */
export function isStillBound(text: string, user: string, proven: string | undefined): boolean {
  const blobs = text.split("\n").flatMap((line) => {
    const key = boundKey(line);
    return key?.user === user ? [key.blob] : [];
  });
  if (proven === undefined) return blobs.length > 0;
  const used = proven.split("\n").map((line) => line.split(" ")[2] ?? "");
  return used.some((blob) => blobs.includes(blob));
}

/**
 * The whole file, by user and in the order in which the keys came.
 * @param program absolute path of what a key starts
 * @throws {DevboxError} WRONG_STATE for a path that a shell would read as something else
 */
export function formatAuthorizedKeys(keys: readonly BoundKey[], program: string): string {
  if (!PLAIN_PATH.test(program)) {
    throw new DevboxError("WRONG_STATE", `keys cannot be bound to a program with the path ${quote(program)}.`, {
      why: "sshd gives it to a shell, which would read some of its characters as something else.",
      next: ["Install devbox-ctl where the path has letters, digits and / . _ - alone: devbox-ctl host setup"],
    });
  }
  const lines = keys.map(({ user, type, blob, comment }) =>
    `restrict,pty,command="${program} --as ${user} gate" ${type} ${blob} ${comment}`.trimEnd(),
  );
  return [HEADER, ...lines, ""].join("\n");
}

/** What `ssh-keygen -l` calls a key. */
export function fingerprint({ blob }: Pick<SshKey, "blob">): string {
  const digest = createHash("sha256").update(Buffer.from(blob, "base64")).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

function foreignLines(file: string, lines: readonly number[]): DevboxError {
  const where = `${lines.length === 1 ? "line" : "lines"} ${lines.slice(0, 5).join(", ")}${lines.length > 5 ? " …" : ""}`;
  return new DevboxError(
    "WRONG_STATE",
    `${quote(file)} has ${count(lines.length, "line")} that devbox-ctl did not write (${where}); it was left as it is.`,
    {
      why: "A key there without devbox-ctl's own options could do everything that the service account can.",
      next: [
        "Look at them, and take them away with an editor",
        "A key that is to stay: devbox-ctl user add-key NAME KEY",
      ],
    },
  );
}
