import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { testName } from "./ids.ts";
import { benchEnv } from "./podman.ts";
import { installFor, runClean, type Ran, type RootlessUser, type RunOptions } from "./rootless.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

export interface CliOptions {
  /** Run as this user, from a copy of the build that they can read. */
  readonly user?: RootlessUser;
  /** Written as the configuration file (JSON is YAML); a namespace of its own is added unless it names one. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** The built program with a home, state and configuration of its own; nothing of the person who tests is seen or touched. */
export interface TestCli extends AsyncDisposable {
  readonly home: string;
  readonly stateDir: string;
  readonly configFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** The words that start the program, for what needs a terminal: `[...cli.argv, "ssh", name]` with `cli.env`. */
  readonly argv: readonly string[];
  /** Runs a command to its end; never throws. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Runs a command with --json that must succeed, and reads its result. */
  json(args: readonly string[], options?: RunOptions): Promise<unknown>;
  writeConfig(config: Readonly<Record<string, unknown>>): Promise<void>;
  /** Removes its folder; its boxes are removed with the run, or by {@link removeTestObjects}. */
  remove(): Promise<void>;
}

function withNamespace(config: Readonly<Record<string, unknown>>, namespace: string): Record<string, unknown> {
  const engine = typeof config.engine === "object" ? config.engine : {};
  return { ...config, engine: { namespace, ...engine } };
}

/** A program to test; dispose of it with `await using` or call `remove`. */
export async function testCli({ user, config = {}, env: more = {} }: CliOptions = {}): Promise<TestCli> {
  const home = await mkdtemp(path.join(user?.home ?? tmpdir(), "dbxtest-home-"));
  const folder = user === undefined ? ROOT : await installFor(user);
  const configFile = path.join(home, "config.yaml");
  const stateHome = path.join(home, "state");
  const namespace = testName("ns");
  const writeConfig = (wanted: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(configFile, JSON.stringify(withNamespace(wanted, namespace), null, 2));
  await mkdir(stateHome);
  await writeConfig(config);
  if (user !== undefined) await execa("chown", ["-R", `${user.name}:`, home]);
  const base = user?.env ?? benchEnv();
  const node = user === undefined ? path.dirname(process.execPath) : path.join(folder, "node");
  const env = {
    ...base,
    // Podman looks for its storage and settings under HOME, so a rootless user keeps theirs.
    ...(user === undefined && process.getuid?.() === 0 ? { HOME: home } : {}),
    PATH: `${node}:${base.PATH ?? ""}`,
    DEVBOX_CONFIG: configFile,
    XDG_STATE_HOME: stateHome,
    XDG_CACHE_HOME: path.join(home, "cache"),
    ...more,
  };
  const argv = [...(user?.as ?? []), path.join(folder, "bin/devbox-ctl")];
  const run = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    runClean([...argv, ...args], { ...env, ...options.env }, { cwd: home, ...options });
  const remove = (): Promise<void> => rm(home, { recursive: true, force: true });
  return {
    home,
    stateDir: path.join(stateHome, "devbox"),
    configFile,
    env,
    argv,
    run,
    writeConfig,
    remove,
    [Symbol.asyncDispose]: remove,
    async json(args, options) {
      const { stdout, stderr, exitCode } = await run([...args, "--json"], options);
      if (exitCode === 0) return JSON.parse(stdout) as unknown;
      throw new Error(`devbox-ctl ${args.join(" ")} --json: exit ${String(exitCode)}\n${stdout}\n${stderr}`);
    },
  };
}
