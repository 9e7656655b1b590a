import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { execa } from "execa";
import { DevboxError } from "../../core/errors.ts";
import type { Ended } from "../../ports/host-system.ts";

/** Nothing of the caller's environment has a say in what root does here. */
const ENV = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", HOME: "/root" };

/** Milliseconds; packages and copies of images take longer than anything else. */
const USUAL = 120_000;

export interface RunOptions {
  /** Standard input. */
  readonly input?: string;
  /** Whose rights it has, with no supplementary groups; root's when not given. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** The environment besides PATH and language. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Runs a program to its end. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const [program = "", ...args] = argv;
  const { input = "", ids = {}, env = {}, timeout = USUAL } = options;
  const { exitCode, stdout, stderr, shortMessage } = await execa(program, args, {
    ...{ input, timeout, ...ids, cwd: "/", env: { ...ENV, ...env }, extendEnv: false, reject: false },
    ...{ maxBuffer: 4 * 1024 * 1024, stripFinalNewline: false },
  });
  const began = exitCode !== undefined;
  return { exitCode: exitCode ?? -1, stdout, stderr: began || stderr !== "" ? stderr : (shortMessage ?? "") };
}

/**
 * Takes a lock that the kernel gives back when this process ends: flock locks the open file, which is this process's too.
 * @throws {DevboxError} BUSY
 */
export async function lockFile(path: string): Promise<void> {
  const file = openSync(path, "a", 0o600);
  const child = spawn("flock", ["--nonblock", "3"], { stdio: ["ignore", "ignore", "ignore", file], env: ENV });
  const [exitCode] = (await once(child, "exit")) as [number | null];
  if (exitCode === 0) return;
  closeSync(file);
  throw new DevboxError("BUSY", "another host setup is at work on this machine.", {
    next: ["Wait for it to end, then try again"],
  });
}
