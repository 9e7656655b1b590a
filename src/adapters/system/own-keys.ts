import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";

/** Most bytes read of one file; a line for a key of 4096 bits has some 750. */
const MOST = 256 * 1024;

/**
 * Texts of the files in which a person's own public keys stand: `~/.ssh/*.pub`, and what lets them in on this machine,
 * because the private keys may be on the one that they come from. Whatever cannot be read is left out.
 */
export function ownKeyTexts(): string[] {
  const folder = join(homedir(), ".ssh");
  const own = names(folder)
    .filter((name) => name.endsWith(".pub"))
    .sort();
  // NixOS keeps those that its configuration names outside of homes.
  const shared = join("/etc/ssh/authorized_keys.d", userInfo().username);
  return [...[...own, "authorized_keys"].map((name) => join(folder, name)), shared].map(textOf);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    // NONBLOCK: a pipe without a writer would be waited for.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      if (!fstatSync(descriptor).isFile()) return "";
      const bytes = Buffer.alloc(MOST);
      return bytes.toString("utf8", 0, readSync(descriptor, bytes));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}
