import { accessSync, constants, readFileSync } from "node:fs";
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
