import process from "node:process";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";

/** A program that runs until it is told to end. */
export interface Daemon {
  /** Process id, for signals of a test's own. */
  readonly pid: number;
  isRunning(): boolean;
  /** Asks it to end, and ends it after five seconds. */
  end(): Promise<void>;
}

/** Starts a program in a directory; what it says goes to the file `log`. Its environment is exactly `env`. */
export function startDaemon(
  argv: readonly [string, ...string[]],
  options: { readonly dir: string; readonly env: Readonly<Record<string, string>>; readonly log: string },
): Daemon {
  const [program, ...args] = argv;
  const log = openSync(options.log, "a");
  const child = spawn(program, args, { cwd: options.dir, env: options.env, stdio: ["ignore", log, log] });
  closeSync(log);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  // A test run that ends early takes it along.
  const last = () => child.kill("SIGKILL");
  process.once("exit", last);
  return {
    pid: child.pid ?? 0,
    isRunning,
    async end() {
      process.off("exit", last);
      if (!isRunning()) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const hard = setTimeout(last, 5000);
      await ended;
      clearTimeout(hard);
    },
  };
}
