import { execa } from "execa";

export interface PrivateRun {
  readonly argv: readonly string[];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Given on standard input; nothing when left out. */
  readonly input?: string;
  /** Milliseconds after which it is ended. */
  readonly timeout: number;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/** How it ended; `missing` is a command that is not there or cannot be started. */
export type PrivateEnd =
  | { readonly how: "exited"; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly how: "timeout" | "interrupted" | "flooded" | "missing" | "killed" };

/** Most characters of what it says; a key has a hundred, a wordy error a thousand. */
const MOST = 64 * 1024;

/**
 * Node cannot set limits of a process; the shell can, and becomes the program. Where setpriv is (almost everywhere), a
 * program that hangs does not outlive this one, should that be killed.
 */
const START = 'ulimit -c 0; if command -v setpriv >/dev/null; then set -- setpriv --pdeathsig KILL "$@"; fi; exec "$@"';

/** What a shell ends with when the command cannot be started, or found. */
const UNSTARTED = [126, 127];

/**
 * Runs a program that is given a secret and answers with one: nothing of ours in its environment, no core dumps, a
 * bounded answer in a bounded time. It is ended with all that it started, for nothing it does is worth finishing.
 */
export async function runPrivately({ argv, env, input, timeout, signal }: PrivateRun): Promise<PrivateEnd> {
  if (signal.aborted) return { how: "interrupted" };
  const child = execa("/bin/sh", ["-c", START, "sh", ...argv], {
    reject: false,
    extendEnv: false,
    env,
    ...(input === undefined ? { stdin: "ignore" } : { input }),
    maxBuffer: MOST,
    // execa would print what it says when NODE_DEBUG names execa.
    verbose: "none",
    stripFinalNewline: false,
    // A session of its own, so that it can be ended with its children; Ctrl-C comes by the signal.
    detached: true,
    cleanup: false,
  });
  let ended: "timeout" | "interrupted" | undefined;
  const end = (how: "timeout" | "interrupted"): void => {
    ended ??= how;
    killGroup(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const onAbort = (): void => {
    end("interrupted");
  };
  const limit = setTimeout(end, timeout, "timeout");
  signal.addEventListener("abort", onAbort, { once: true });
  // What it leaves behind has no business there, and would hold its output open.
  child.nodeChildProcess.once("exit", () => {
    killGroup(child.pid);
  });
  const { stdout, stderr, exitCode, isMaxBuffer } = await child;
  clearTimeout(limit);
  signal.removeEventListener("abort", onAbort);
  if (ended !== undefined) return { how: ended };
  if (isMaxBuffer) return { how: "flooded" };
  if (exitCode === undefined) return { how: "killed" };
  return UNSTARTED.includes(exitCode) ? { how: "missing" } : { how: "exited", exitCode, stdout, stderr };
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left there.
  }
}
