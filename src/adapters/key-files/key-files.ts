import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { authKeyFrom, keyNameOf } from "../../core/auth-key.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import { authKeyItem } from "../../core/tailnet.ts";
import { printable, quote } from "../../core/text.ts";
import type { SecretStore } from "../../ports/secret-store.ts";

interface KeyFilesOptions {
  /** Absolute path of the directory. */
  readonly dir: string;
  /** Reads a file that nobody else can read; undefined when there is none. */
  readonly read: (file: string, options: { what: string; noLink: boolean }) => Secret | undefined;
  /** Refuses what others can read or change. */
  readonly refuseExposed: (path: string, stats: Stats, options: { what: string }) => void;
}

const DIRECTORY = "the directory of the auth keys";

/** Auth keys in files of one private directory, for one's own machine: `DIR/alice-tailscale-authkey`. FR-014 */
export function createKeyFiles({ dir, read, refuseExposed }: KeyFilesOptions): SecretStore {
  const place = (user: string): string => printable(join(dir, authKeyItem(user)));
  const check = (): void => {
    refuseExposed(dir, directory(dir), { what: DIRECTORY });
  };
  const authKey = (user: string): Secret => {
    const file = join(dir, keyNameOf(user));
    check();
    const found = read(file, { what: `the auth key of ${user}`, noLink: true });
    if (found === undefined) throw noKey(file, user);
    return authKeyFrom(found.reveal(), place(user));
  };
  return {
    place,
    check: async (user) => {
      await Promise.resolve();
      if (user === undefined) check();
      else authKey(user);
    },
    authKey: async (user) => {
      await Promise.resolve();
      return authKey(user);
    },
  };
}

function directory(dir: string): Stats {
  try {
    const stats = lstatSync(dir);
    if (stats.isDirectory()) return stats;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const what = isMissing ? "is not there" : "cannot be looked at";
    throw new DevboxError("SECRETS_NOT_SET_UP", `${DIRECTORY}, ${quote(dir)}, ${what}.`, {
      why: isMissing ? "secrets.dir names it, and nobody has made it yet." : messageOf(error),
      next: [`Make it: mkdir -m 0700 -p ${quote(dir)}`, "Or name another one in the configuration: secrets.dir"],
    });
  }
  throw new DevboxError("SECRETS_NOT_SET_UP", `${quote(dir)} is no directory.`, {
    next: ["Name a directory in the configuration: secrets.dir"],
  });
}

function noKey(file: string, user: string): DevboxError {
  return new DevboxError("SECRETS_NO_ITEM", `there is no auth key for ${user}.`, {
    why: `There is no file ${quote(file)}.`,
    next: [
      // `cat` takes the key from the terminal, so that it is in no history and no list of processes.
      `Put it there, ended by Ctrl-D: (umask 077; cat > ${quote(file)})`,
      "How keys are made and kept: docs/secrets.md",
    ],
  });
}

/** Where no provider is configured. */
export const noSecrets: SecretStore = {
  place: () => "nowhere",
  check: () => Promise.reject(notSetUp()),
  authKey: () => Promise.reject(notSetUp()),
};

function notSetUp(): DevboxError {
  return new DevboxError("SECRETS_NOT_SET_UP", "it is not configured where auth keys are kept.", {
    why: "secrets.provider is none.",
    next: [
      "For yourself: secrets: { provider: file, dir: /home/you/.config/devbox/keys } in the configuration",
      "For a team: secrets: { provider: onepassword, vault: DevBox }; see docs/secrets.md",
    ],
  });
}
