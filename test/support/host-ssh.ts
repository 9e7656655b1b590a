import { readFile } from "node:fs/promises";
import path from "node:path";
import { runClean, type Ran, type RunOptions } from "./rootless.ts";
import { makeKey } from "./ssh-client.ts";

/** A key pair of a test's own. */
export interface SshKey {
  readonly name: string;
  /** The private key's file. */
  readonly file: string;
  /** One line, as it goes into authorized_keys. */
  readonly publicKey: string;
}

interface SshRunOptions extends RunOptions {
  /** Ask for a terminal on the other side (`ssh -tt`); for one on this side as well, give `ssh()` to openTerminal. */
  readonly tty?: boolean;
  /** Further options of ssh, before the destination. */
  readonly options?: readonly string[];
}

/** One who comes by ssh with one key, as a person does: a connection of its own for every command. */
export interface SshSession {
  readonly key: SshKey;
  /** Options that ssh, scp, sftp and `rsync -e` all take; none of them names the destination. */
  readonly options: readonly string[];
  /** Where it goes: `login@127.0.0.1`. */
  readonly destination: string;
  /**
   * The words that start an ssh client, for spawn and openTerminal; no words after the destination ask for a login.
   * @param command a text goes to the other side as it is; words are quoted for its shell
   */
  ssh(command?: string | readonly string[], options?: readonly string[]): string[];
  /** Runs a command to its end over a connection of its own. Never throws; 255 is ssh's own failure. */
  run(command: string | readonly string[], options?: SshRunOptions): Promise<Ran>;
}

const isPlain = (word: string): boolean => /^[A-Za-z0-9_./:=@%+,-]+$/.test(word);

/** Words as a shell takes them back apart. */
export const quoted = (words: readonly string[]): string =>
  words.map((word) => (isPlain(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");

/** Makes an ed25519 key in a folder. */
export async function namedKey(folder: string, name: string): Promise<SshKey> {
  const file = path.join(folder, `${name}.key`);
  await makeKey(file);
  return { name, file, publicKey: (await readFile(`${file}.pub`, "utf8")).trim() };
}

/**
 * A client of the sshd at a port of 127.0.0.1, with one key and nothing else of the person who tests.
 * @param at `knownHosts` is the file with the host's key; `env` the client's whole environment
 */
export function sshSession(
  key: SshKey,
  login: string,
  at: { readonly port: number; readonly knownHosts: string; readonly env: Readonly<Record<string, string>> },
): SshSession {
  const settings = [
    `Port=${at.port}`,
    `IdentityFile=${key.file}`,
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    `UserKnownHostsFile=${at.knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "ControlMaster=no",
    "ControlPath=none",
    "BatchMode=yes",
    "ConnectTimeout=20",
    "LogLevel=ERROR",
  ];
  const options = ["-F", "/dev/null", ...settings.flatMap((setting) => ["-o", setting])];
  const destination = `${login}@127.0.0.1`;
  const ssh: SshSession["ssh"] = (command, more = []) => {
    const words = command === undefined ? [] : ["--", typeof command === "string" ? command : quoted(command)];
    return ["ssh", ...more, ...options, destination, ...words];
  };
  return {
    key,
    options,
    destination,
    ssh,
    run: (command, { tty = false, options: more = [], ...rest } = {}) =>
      runClean(ssh(command, [...(tty ? ["-tt"] : []), ...more]), { ...at.env, ...rest.env }, rest),
  };
}
