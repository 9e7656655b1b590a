import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { AuthorizedKeys } from "../../ports/authorized-keys.ts";

/** The file of keys that sshd reads for the service account. */
export function createAuthorizedKeys(file: string, program: string): AuthorizedKeys {
  const explained = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw explain(error, file);
    }
  };
  return {
    file,
    program,
    read: () => explained(() => read(file)),
    write: (text) => {
      explained(() => {
        write(file, text);
      });
    },
  };
}

function read(file: string): string {
  let descriptor: number;
  try {
    // Not a link, which could lead to a file that sshd does not read; NONBLOCK, or a pipe would be waited for.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error("It is not a plain file.");
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** Beside it first and then in its place: whoever reads it meanwhile, sshd above all, has the old one or the new one. */
function write(file: string, text: string): void {
  const next = `${file}.new`;
  // What a killed command left; under the lock nobody else is writing it.
  rmSync(next, { force: true });
  const descriptor = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(next, file);
  const folder = openSync(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function explain(error: unknown, file: string): DevboxError {
  const { code } = error as NodeJS.ErrnoException;
  const why = messageOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DevboxError("HOST_DISK", "the disk that holds the users' keys is full; nothing was changed.", {
      ...{ why, next: [`Free some space where ${quote(file)} lies, then run the command again`], cause: error },
    });
  }
  return new DevboxError("STATE_UNWRITABLE", `the users' keys in ${quote(file)} cannot be read or written.`, {
    ...{ why, next: ["It has to be a plain file of the service account's own: devbox-ctl host setup"], cause: error },
  });
}
