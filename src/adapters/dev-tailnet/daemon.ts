import { rmSync } from "node:fs";
import { join } from "node:path";
import { DevboxError } from "../../core/errors.ts";
import type { ProcessIdentity } from "../../core/operation.ts";
import { redacted } from "../../core/secret.ts";
import { printableLines } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DaemonState } from "../../ports/dev-tailnet.ts";
import { textOf } from "./files.ts";
import { runOn } from "./run.ts";

/** Milliseconds that a process has for its end before it is ended; headscale waits for its devices' open requests. */
const GRACE = 5 * SECOND;
/** Milliseconds that the kernel takes to end one, at most. */
const LAST = 5 * SECOND;
/** Milliseconds between two looks. */
const POLL = 50;
/** Lines of what it said last that an error repeats. */
const WORDS = 5;
/** Exit code of `run-one`: one runs already. */
const RUNS = 75;

export interface DaemonOptions {
  readonly dir: string;
  /** Names its files in the directory: `NAME.process`, `NAME.lock`, `NAME.log`. */
  readonly name: string;
  /** The script `run-one`. */
  readonly runOne: string;
  readonly clock: Clock;
  readonly isAlive: (process: ProcessIdentity) => boolean;
}

/** A process of ours that outlives the command that starts it. It is known by when it began, never by a name. */
export class Daemon {
  readonly log: string;
  readonly #options: DaemonOptions;
  #code: () => number | undefined = () => undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.log = join(options.dir, `${options.name}.log`);
  }

  get #file(): string {
    return join(this.#options.dir, `${this.#options.name}.process`);
  }

  #process(): ProcessIdentity | undefined {
    const [pid = "", startTicks = "", bootId = ""] = (textOf(this.#file) ?? "").trim().split(" ");
    return /^[1-9]\d*$/.test(pid) && bootId !== "" ? { pid: Number(pid), startTicks, bootId } : undefined;
  }

  state(): DaemonState {
    const process = this.#process();
    if (process === undefined) return "off";
    return this.#options.isAlive(process) ? "running" : "died";
  }

  /** Starts it; that it is of use is for {@link answered} to say. @throws {DevboxError} TAILNET_FAILED */
  async start(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
    const { runOne, dir, name } = this.#options;
    try {
      this.#code = await runOn([runOne, dir, name, ...argv], { dir, env }, this.log);
    } catch (error) {
      throw new DevboxError("TAILNET_FAILED", `${name} could not be started.`, {
        why: error instanceof Error ? error.message : String(error),
        next: ["Is flock here? apt-get install util-linux"],
      });
    }
  }

  /**
   * Waits until it is of use.
   * @param limit milliseconds
   * @returns `ended` when it has ended first, and `late` when it took too long
   */
  async answered(isReady: () => Promise<boolean>, limit: number): Promise<"ready" | "ended" | "late"> {
    const { clock } = this.#options;
    const end = clock.monotonic() + limit;
    while (clock.monotonic() < end) {
      const code = this.#code();
      // One that was started by a command that was ended runs as well as ours would.
      if (code !== undefined && !(code === RUNS && this.state() === "running")) return "ended";
      if (await isReady()) return "ready";
      await clock.sleep(POLL);
    }
    return "late";
  }

  /** What it said last, without secrets. */
  words(): string {
    const lines = (textOf(this.log) ?? "").trimEnd().split("\n").slice(-WORDS);
    return redacted(printableLines(lines.join("\n")));
  }

  signal(signal: NodeJS.Signals): void {
    const known = this.#process();
    if (known === undefined || !this.#options.isAlive(known)) return;
    try {
      process.kill(known.pid, signal);
    } catch (error) {
      // It ended between the look and the signal.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** Ends it. @throws {DevboxError} TAILNET_FAILED when it cannot be ended */
  async stop(): Promise<void> {
    this.signal("SIGTERM");
    if (!(await this.#isGoneWithin(GRACE))) {
      this.signal("SIGKILL");
      if (!(await this.#isGoneWithin(LAST))) {
        throw new DevboxError("TAILNET_FAILED", `${this.#options.name} does not end.`, {
          why: `Process ${String(this.#process()?.pid)} is still there.`,
          next: ["Try again"],
        });
      }
    }
    rmSync(this.#file, { force: true });
  }

  async #isGoneWithin(limit: number): Promise<boolean> {
    const { clock } = this.#options;
    const end = clock.monotonic() + limit;
    while (this.state() === "running") {
      if (clock.monotonic() > end) return false;
      await clock.sleep(POLL);
    }
    return true;
  }
}
