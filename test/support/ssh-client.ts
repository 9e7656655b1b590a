import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { readSshKey } from "../../src/core/ssh-key.ts";
import type { TestCli } from "./cli.ts";
import { runClean, type Ran, type RootlessUser, type RunOptions } from "./rootless.ts";

/** OpenSSH's clients as a person has them, with the section that `ssh-config` prints and a key of their own. */
export interface SshClient {
  readonly env: Readonly<Record<string, string>>;
  readonly configFile: string;
  readonly knownHosts: string;
  /** The words that start ssh with these settings. */
  ssh(...args: readonly string[]): string[];
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** Makes a pair of keys without a passphrase; the public half is FILE.pub. */
export async function makeKey(file: string): Promise<void> {
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
}

/**
 * The clients of whoever the program runs as. ssh looks for its files in the home of the user that it runs as, whatever
 * HOME says, so what would be found there is named.
 */
export async function sshClient(cli: TestCli, user?: RootlessUser): Promise<SshClient> {
  const folder = path.join(cli.home, ".ssh");
  const configFile = path.join(folder, "config");
  const knownHosts = path.join(folder, "known_hosts.devbox");
  await mkdir(folder, { mode: 0o700 });
  await makeKey(path.join(folder, "id_ed25519"));
  const env = { ...cli.env, PATH: `${path.dirname(cli.argv.at(-1) ?? "")}:${cli.env.PATH ?? ""}` };
  const { stdout } = await cli.run(["ssh-config"]);
  const own = ["Host *", `IdentityFile ${folder}/id_ed25519`, "IdentitiesOnly yes", `UserKnownHostsFile ${knownHosts}`];
  // Podman keeps some people's real HOME, in which the program does not find this key: then it is told.
  const { type, blob } = readSshKey(await readFile(path.join(folder, "id_ed25519.pub"), "utf8"));
  const stanza = cli.env.HOME === cli.home ? stdout : stdout.replace("--stdio", `--stdio --key '${type} ${blob}'`);
  await writeFile(configFile, `${[...own, "GlobalKnownHostsFile none", stanza].join("\n")}\n`);
  if (user !== undefined) await execa("chown", ["-R", `${user.name}:`, folder]);
  const ssh = (...args: readonly string[]) => [...(user?.as ?? []), "ssh", "-F", configFile, ...args];
  return {
    env,
    configFile,
    knownHosts,
    ssh,
    run: (args, options) => runClean(ssh("-o", "LogLevel=ERROR", ...args), env, options),
  };
}
