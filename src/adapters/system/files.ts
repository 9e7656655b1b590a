import { readFileSync } from "node:fs";
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
    throw new DevboxError("INVALID_CONFIG", `The configuration ${quote(file)} cannot be read.`, {
      why: messageOf(error),
      next: ["Give this user the right to read it, or name another one: --config FILE"],
    });
  }
}
