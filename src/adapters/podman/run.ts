import type { Readable } from "node:stream";
import { execa } from "execa";
import { DevboxError } from "../../core/errors.ts";
import { TOKEN_VARIABLE } from "../../core/operation.ts";
import { printable, printableLines } from "../../core/text.ts";

/** How to reach the podman command. */
export interface PodmanCommand {
  readonly path: string;
  /** Milliseconds after which a call that should be quick is given up. */
  readonly timeout: number;
  /** Socket of Podman's service, which then does the work; undefined: podman does it itself. */
  readonly socket?: string | undefined;
}

/** A call's words: with a socket, podman is told to let its service do it. */
function wordsOf({ socket }: PodmanCommand, args: readonly string[]): string[] {
  return socket === undefined ? [...args] : ["--url", `unix://${socket}`, ...args];
}

export interface RunOptions {
  /** Milliseconds; the command's own limit when left out. */
  readonly timeout?: number;
  /** Marks the process, so that a later command can wait for it if this one is killed meanwhile. */
  readonly token?: string;
  /** Given on standard input; nothing when left out. */
  readonly input?: string;
  /** Whether it reads this process's own standard input. */
  readonly ownInput?: boolean;
  /** Most characters of output; what prints more is ended, and its output garbage. */
  readonly most?: number;
  /** Told each line of its output as it comes. */
  readonly onLine?: (line: string) => void;
  /** Options of podman itself, before its command. */
  readonly globals?: readonly string[];
  /** Exit codes besides 0 that the caller will judge itself. */
  readonly allow?: (exitCode: number) => boolean;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Most lines of the engine's own words that an error repeats. */
const WORDS = 12;

/** Milliseconds between asking a process whose time is over to end and making it. */
const FORCE_AFTER = 2000;
/** Most characters that an answer may have; two hundred boxes take half a million. */
const MOST = 64 * 1024 * 1024;

/**
 * Runs podman to its end. The one place where the house starts it for an answer.
 * The process gets a session of its own, so that Ctrl-C on the terminal never halves a step.
 * @throws {DevboxError} ENGINE_MISSING, ENGINE_TIMEOUT, ENGINE_GARBAGE, ENGINE_FAILED, or what {@link classify} makes of it.
 */
export async function runPodman(
  command: PodmanCommand,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const timeout = options.timeout ?? command.timeout;
  const child = execa(command.path, wordsOf(command, [...(options.globals ?? []), ...args]), {
    reject: false,
    ...(options.input === undefined
      ? { stdin: options.ownInput === true ? "inherit" : "ignore" }
      : { input: options.input }),
    detached: true,
    cleanup: false,
    maxBuffer: options.most ?? MOST,
    // With NODE_DEBUG=execa it would print the answers of boxes.
    verbose: "none",
    ...(options.onLine === undefined ? {} : { stdout: teller(options.onLine) }),
    ...(options.token === undefined ? {} : { env: { [TOKEN_VARIABLE]: options.token } }),
  });
  const limit = endAfter(timeout, child);
  const result = await child;
  limit.lift();
  if (limit.isOver()) throw timedOut(command, args, timeout);
  if (result.isMaxBuffer) throw tooMuch(args, options.most ?? MOST);
  const { stdout, stderr, exitCode } = result;
  if (exitCode === undefined)
    throw result.signal === undefined ? unstarted(command, result.code) : killed(args, result.signal);
  if (exitCode !== 0 && options.allow?.(exitCode) !== true) throw classify(args, stderr, exitCode);
  return { stdout, stderr, exitCode };
}

/** Passes lines on, and tells each. */
function teller(onLine: (line: string) => void) {
  return function* (line: unknown) {
    onLine(String(line));
    yield line;
  };
}

interface Ended {
  readonly pid?: number | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/**
 * Ends a process of a session of its own when its time is over, with all that it started there: a helper that it
 * left behind would hold its output open, and be waited for. What runs boxes has sessions of its own and stays.
 */
function endAfter(timeout: number, child: Ended) {
  let isOver = false;
  let force: NodeJS.Timeout | undefined;
  const end = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // Nobody is left there.
    }
  };
  const ask = setTimeout(() => {
    isOver = true;
    end("SIGTERM");
    force = setTimeout(() => {
      end("SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
    }, FORCE_AFTER);
  }, timeout);
  return {
    isOver: () => isOver,
    lift: () => {
      clearTimeout(ask);
      clearTimeout(force);
      // Those that did not hold the output open have not been waited for.
      if (isOver) end("SIGKILL");
    },
  };
}

/** What `ss` says of the sockets of this machine; undefined where there is no such program. */
export async function lookAtSockets(): Promise<string | undefined> {
  const { exitCode, stdout } = await execa("ss", ["-x", "-a", "-H", "-n"], {
    reject: false,
    stdin: "ignore",
    timeout: 5000,
  });
  return exitCode === 0 ? stdout : undefined;
}

/** Starts podman with the caller's own streams and terminal; the caller's Ctrl-C and window size reach it. */
export async function attachPodman(command: PodmanCommand, args: readonly string[]) {
  return execa(command.path, wordsOf(command, args), { stdio: "inherit", reject: false });
}

/** Starts podman with pipes for data of any size. Its stderr is kept, its streams are not. @param token as of {@link RunOptions} */
export function pipePodman(command: PodmanCommand, args: readonly string[], token?: string) {
  return execa(command.path, wordsOf(command, args), {
    reject: false,
    detached: true,
    buffer: { stdout: false, stderr: true },
    stdin: "pipe",
    stdout: "pipe",
    maxBuffer: { stderr: 64 * 1024 },
    encoding: "utf8",
    stripFinalNewline: true,
    ...(token === undefined ? {} : { env: { [TOKEN_VARIABLE]: token } }),
  } as const);
}

/** The error for a podman that cannot be started at all. @param code the system's name for the reason */
export function unstarted(command: PodmanCommand, code: string | undefined): DevboxError {
  if (code === "E2BIG") {
    return new DevboxError("USAGE", "the command is too long for this system.", {
      why: "All arguments together may have some 2 MB, and each of them 128 KiB.",
      next: ["Pass long data on standard input"],
    });
  }
  return new DevboxError("ENGINE_MISSING", "Podman is not here.", {
    why: `${printable(command.path)} cannot be started${code === undefined ? "" : ` (${code})`}.`,
    next: ["Install it: apt-get install podman", "Or name it in the configuration: engine.path"],
  });
}

function killed(args: readonly string[], signal: string): DevboxError {
  return new DevboxError("ENGINE_FAILED", `${spoken(args)} was ended from outside.`, {
    why: signal,
    next: ["Run the command again", "devbox-ctl doctor"],
  });
}

function tooMuch(args: readonly string[], most: number): DevboxError {
  return new DevboxError("ENGINE_GARBAGE", `${spoken(args)} printed more than devbox-ctl reads.`, {
    why: `It was stopped after ${String(most / 1024 / 1024)} MiB.`,
    next: ["See which podman is used: devbox-ctl doctor"],
  });
}

function timedOut(command: PodmanCommand, args: readonly string[], timeout: number): DevboxError {
  return new DevboxError("ENGINE_TIMEOUT", `${spoken(args)} did not answer within ${String(timeout / 1000)} s.`, {
    why: `${printable(command.path)} hangs; its storage may be locked by another process.`,
    next: ["Look at what runs: ps ax | grep podman", "devbox-ctl doctor", "Allow more time: engine.timeout"],
  });
}

/** What an exit code other than 0 means, from the engine's own words. */
export function classify(args: readonly string[], stderr: string, exitCode: number): DevboxError {
  const why = words(stderr) || `exit code ${String(exitCode)}`;
  if (/no space left on device|disk quota exceeded/i.test(stderr)) {
    return new DevboxError("HOST_DISK", "the disk is full.", {
      why,
      next: ["Remove a box or a volume that you do not need: devbox-ctl volume list", "Then run the command again"],
    });
  }
  if (/no such container|no container with (name or )?id/i.test(stderr)) {
    return new DevboxError("CONTAINER_GONE", "the box's container does not exist.", { why, next: ["devbox-ctl list"] });
  }
  if (/image not known|no such image|unable to find a name and tag match/i.test(stderr)) {
    return new DevboxError("IMAGE_NOT_FOUND", "the image is not here.", {
      why,
      next: ["devbox-ctl image list", "devbox-ctl image build"],
    });
  }
  if (/volume is being used|volume .* in use/i.test(stderr)) {
    return new DevboxError("VOLUME_IN_USE", "the volume is in use.", { why, next: ["devbox-ctl volume list"] });
  }
  return new DevboxError("ENGINE_FAILED", `${spoken(args)} failed.`, { why, next: ["devbox-ctl doctor"] });
}

/** The last lines of what the engine said, without its log decoration. */
export function words(stderr: string): string {
  const lines = printableLines(stderr)
    .split("\n")
    .map((line) => line.replace(/^Error: /, "").trimEnd())
    .filter((line) => line !== "");
  return lines.slice(-WORDS).join("\n");
}

/** `podman start`, `podman volume create`: the part of a call that means something to a person. */
function spoken(args: readonly string[]): string {
  const verbs =
    args[0] === "volume" || args[0] === "system" || args[0] === "container" ? args.slice(0, 2) : args.slice(0, 1);
  return ["podman", ...verbs].join(" ");
}
