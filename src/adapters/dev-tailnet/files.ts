import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** Does something with a file; what hinders it is told as this house tells it. */
export function explained<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
    throw new DevboxError(full ? "HOST_DISK" : "STATE_UNWRITABLE", `${quote(file)} cannot be written.`, {
      why: messageOf(error),
      next: [full ? "Free some space, then run it again" : "Give this user the right to it"],
      cause: error,
    });
  }
}

/** Makes a directory that nobody else may look into. */
export function privateDirectory(dir: string): void {
  explained(dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 }));
}

/** Writes a file that nobody else may read, whole or not at all. */
export function writePrivate(file: string, text: string): void {
  explained(file, () => {
    const unfinished = `${file}.new`;
    writeFileSync(unfinished, text, { mode: 0o600 });
    renameSync(unfinished, file);
  });
}

/** A file's text; undefined when there is none. */
export function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new DevboxError("NOT_PERMITTED", `${quote(file)} cannot be read.`, {
      why: messageOf(error),
      next: ["Give this user the right to read it"],
    });
  }
}
