import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runClean } from "./rootless.ts";

export interface TerminalOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cols?: number;
  readonly rows?: number;
  readonly cwd?: string;
}

/** A command in a real terminal of its own: a private tmux server that nobody else can see. */
export interface Terminal extends AsyncDisposable {
  /** Types a text as it is, without Enter. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names: Enter, C-c, C-d, Up, Escape … */
  press(...keys: string[]): Promise<void>;
  /** What the terminal shows, without trailing blank lines; `history` adds what has scrolled away. */
  capture(options?: { readonly history?: boolean; readonly colours?: boolean }): Promise<string>;
  /**
   * Waits until the screen holds a text, and gives the screen back.
   * @param timeout milliseconds, 30 s unless told
   * @throws with the screen as it was when the time was over
   */
  waitFor(text: string | RegExp, timeout?: number): Promise<string>;
  resize(cols: number, rows: number): Promise<void>;
  /** Waits for the command to end and gives its exit code. */
  exitCode(timeout?: number): Promise<number>;
  kill(): Promise<void>;
}

const POLL = 50;

/**
 * Runs a command and writes its exit code to a file: tmux 3.3 now and then does not notice that a command has ended.
 * The traps let the shell outlive a Ctrl-C, and are not handed on. A hang-up ends it, as it ends the shell of a login.
 */
const WRITE_END = 'trap : INT TERM; "$@"; echo $? >"$0"';

/** Starts a command in a terminal. It stays on the screen after its end, so that nothing it wrote is lost. */
export async function openTerminal(argv: readonly string[], options: TerminalOptions): Promise<Terminal> {
  const folder = await mkdtemp(path.join(tmpdir(), "dbxtest-tmux-"));
  const socket = path.join(folder, "socket");
  const ended = path.join(folder, "ended");
  const env = { ...options.env, TERM: "xterm-256color", SHELL: "/bin/sh" };
  const { cols = 100, rows = 30, cwd = "/" } = options;
  const tmux = async (...args: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await runClean(["tmux", "-S", socket, "-f", "/dev/null", ...args], env);
    if (exitCode !== 0) throw new Error(`tmux ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const act = async (...args: string[]): Promise<void> => {
    await tmux(...args);
  };
  const kill = async (): Promise<void> => {
    await runClean(["tmux", "-S", socket, "kill-server"], env);
    await rm(folder, { recursive: true, force: true });
  };
  const size = ["-x", String(cols), "-y", String(rows)];
  // One tmux call, or a quick command is over before it is told to stay on the screen.
  const stay = ["set-option", "-g", "remain-on-exit", "on", ";", "set-option", "-g", "status", "off", ";"];
  const wrapped = ["sh", "-c", WRITE_END, ended, ...argv];
  await tmux(...stay, "new-session", "-d", ...size, "-c", cwd, "--", ...wrapped);

  const capture: Terminal["capture"] = async ({ history = false, colours = false } = {}) => {
    const screen = await tmux("capture-pane", "-p", ...(history ? ["-S", "-"] : []), ...(colours ? ["-e"] : []));
    return screen.trimEnd();
  };

  async function until<T>(what: string, timeout: number, look: () => Promise<T | undefined>): Promise<T> {
    const end = Date.now() + timeout;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > end)
        throw new Error(`no ${what} after ${String(timeout)} ms; the screen was:\n${await capture()}`);
      await sleep(POLL);
    }
  }

  return {
    capture,
    kill,
    [Symbol.asyncDispose]: kill,
    type: (text) => act("send-keys", "-l", "--", text),
    press: (...keys) => act("send-keys", "--", ...keys),
    resize: (x, y) => act("resize-window", "-x", String(x), "-y", String(y)),
    waitFor: (text, timeout = 30_000) =>
      until(`"${String(text)}"`, timeout, async () => {
        const screen = await capture();
        return (typeof text === "string" ? screen.includes(text) : text.test(screen)) ? screen : undefined;
      }),
    exitCode: (timeout = 30_000) =>
      until("end of the command", timeout, async () => {
        const text = await readFile(ended, "utf8").catch(() => "");
        return text.endsWith("\n") ? Number(text) : undefined;
      }),
  };
}
