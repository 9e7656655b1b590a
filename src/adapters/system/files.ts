import { accessSync, chmodSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { unreadableConfig } from "../../core/config/unreadable.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/**
 * Text of a configuration file, or undefined when there is none.
 * @throws {DevboxError} INVALID_CONFIG when it is there and cannot be read.
 */
export function readConfigText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadableConfig(file, code, messageOf(error));
  }
}

/**
 * Absolute path of a file that this user can read.
 * @throws {DevboxError} NO_SUCH_FILE or NOT_PERMITTED
 */
export function requireFile(path: string): string {
  const file = resolve(path);
  try {
    accessSync(file, constants.R_OK);
    return file;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new DevboxError(missing ? "NO_SUCH_FILE" : "NOT_PERMITTED", `${quote(path)} cannot be read.`, {
      why: messageOf(error),
      next: [missing ? "Check the path" : "Give this user the right to read it"],
    });
  }
}

/**
 * Puts a text in a file's place, so that whoever reads it finds the old one or the new one, whole. Its group may read it.
 * @throws {DevboxError} NOT_PERMITTED or NO_SUCH_FILE with the reason, when it cannot be written
 */
export function writeForGroup(path: string, text: string): void {
  const file = resolve(path);
  // Not `*.prom`: a collector must not take up half of it.
  const next = `${file}.${String(process.pid)}.new`;
  try {
    writeFileSync(next, text, { flag: "wx", mode: 0o600 });
    // Whatever the umask is.
    chmodSync(next, 0o640);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new DevboxError(missing ? "NO_SUCH_FILE" : "NOT_PERMITTED", `${quote(path)} cannot be written.`, {
      why: messageOf(error).replaceAll(next, file),
      next: [missing ? "Make its directory first" : "Give this user the right to write there"],
    });
  }
}
