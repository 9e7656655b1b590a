import { cp, mkdir, readFile, realpath, rm } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { execa, type Options } from "execa";
import { isRunAlive, runUser } from "./ids.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const HOST_PREPARE = path.join(ROOT, "scripts/host-prepare.sh");

/** What came of a command; its streams always as text. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + the signal's number when one ended it, as a shell says it; -1 when it was not found or timed out. */
  readonly exitCode: number;
}

export interface RunOptions {
  readonly input?: string | undefined;
  /** Milliseconds; two minutes unless told. */
  readonly timeout?: number;
  readonly cwd?: string;
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A user who may run Podman and owns nothing of value. */
export interface RootlessUser {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  readonly runtimeDir: string;
  /** Their whole environment; nothing of the tests' own comes through. */
  readonly env: Readonly<Record<string, string>>;
  /** The words before a command that make it run as this user; for what needs a terminal or a stream. */
  readonly as: readonly string[];
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
}

/** Runs a command and never throws; the environment is exactly `env`. */
export async function runClean(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  options: RunOptions = {},
): Promise<Ran> {
  const [command = "", ...args] = argv;
  const settings: Options = { reject: false, extendEnv: false, env, timeout: options.timeout ?? 120_000 };
  const stdin: Options = options.input === undefined ? { stdin: "ignore" } : { input: options.input };
  const result = await execa(command, args, { ...settings, ...stdin, cwd: options.cwd ?? "/" });
  const text = (stream: unknown): string => (typeof stream === "string" ? stream : "");
  const note = result.timedOut || result.exitCode === undefined ? `\n${result.shortMessage ?? ""}` : "";
  return { stdout: text(result.stdout), stderr: text(result.stderr) + note, exitCode: result.exitCode ?? -1 };
}

async function hostPrepare(...args: string[]): Promise<Map<string, string>> {
  const { stdout } = await execa("sh", [HOST_PREPARE, ...args], { stdin: "ignore" });
  return new Map(stdout.split("\n").map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)]));
}

/** Removes the users of runs that are no longer alive. */
export async function removeLeftoverUsers(): Promise<void> {
  for (const [, name = ""] of (await readFile("/etc/passwd", "utf8")).matchAll(/^(dbxtest-[0-9a-z]+):/gm)) {
    if (!isRunAlive(`${name}-`)) await removeRootlessUser(name);
  }
}

/**
 * Makes (or finds) the user of this run's rootless tests, in under a second. Needs root.
 * @throws when this machine cannot run a container as that user, with Podman's own words
 */
export async function rootlessUser(name = runUser()): Promise<RootlessUser> {
  const facts = await hostPrepare("--rootless-user", name);
  const uid = Number(facts.get("ROOTLESS_UID"));
  const home = facts.get("ROOTLESS_HOME") ?? "";
  const runtimeDir = facts.get("ROOTLESS_RUNTIME_DIR") ?? "";
  const conf = facts.get("ROOTLESS_CONTAINERS_CONF");
  const env: Record<string, string> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    LANG: "C.UTF-8",
    HOME: home,
    USER: name,
    LOGNAME: name,
    SHELL: "/bin/bash",
    XDG_RUNTIME_DIR: runtimeDir,
    ...(conf === undefined ? {} : { CONTAINERS_CONF: conf }),
  };
  const as = ["setpriv", `--reuid=${name}`, `--regid=${name}`, "--init-groups", "--inh-caps=-all", "--"];
  return {
    name,
    uid,
    home,
    runtimeDir,
    env,
    as,
    run: (argv, options = {}) => runClean([...as, ...argv], { ...env, ...options.env }, { cwd: home, ...options }),
  };
}

/** Takes the user away with all their processes, containers and files. */
export async function removeRootlessUser(name = runUser()): Promise<void> {
  await hostPrepare("--remove-rootless-user", name);
}

/**
 * A copy of the built program and of Node 24 that the user can read, as the checkout may lie where they cannot.
 * @returns the folder; `<folder>/bin/devbox-ctl` is the command, `<folder>/node/node` its Node
 */
export async function installFor(user: RootlessUser): Promise<string> {
  const folder = path.join(user.home, "devbox-ctl");
  await mkdir(path.join(folder, "node"), { recursive: true });
  for (const part of ["bin", "dist", "containers", "package.json"]) {
    // The box's overlay has a link to nowhere, which cannot be copied over one that is there.
    await rm(path.join(folder, part), { recursive: true, force: true });
    await cp(path.join(ROOT, part), path.join(folder, part), { recursive: true, force: true });
  }
  await cp(await realpath(process.execPath), path.join(folder, "node/node"), { force: true });
  await execa("chown", ["-R", `${user.name}:`, folder]);
  return folder;
}
