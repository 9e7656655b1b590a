import { rmSync } from "node:fs";
import { join } from "node:path";
import { DevboxError } from "../../core/errors.ts";
import { redacted, type Secret } from "../../core/secret.ts";
import { printableLines } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { TailnetTools } from "../../ports/dev-tailnet.ts";
import type { Daemon } from "./daemon.ts";
import { writePrivate } from "./files.ts";
import { run } from "./run.ts";

/** Milliseconds that tailscaled may take until it answers, and until it is what it was before it ended. */
const START = 20 * SECOND;
/** Seconds that a login may take. */
const LOGIN = 30;
/** Milliseconds for any other command. */
const COMMAND = 10 * SECOND;

/** In its own directory, where everything of it runs: a socket's whole path may be too long for the kernel. */
export const SOCKET = "--socket=tailscaled.sock";

/** What tailscaled is told: no statistics, no router to ask, and that the relay is asked over plain http. */
const ENVIRONMENT = {
  TS_NO_LOGS_NO_SUPPORT: "true",
  TS_DISABLE_PORTMAPPER: "1",
  TS_DISABLE_UPNP: "1",
  TS_DEBUG_USE_DERP_HTTP: "1",
};

/** As far as it is looked at: `tailscale status --json`. */
export interface NodeStatus {
  readonly BackendState?: string;
  readonly Peer?: Readonly<Record<string, Peer>> | null;
}

interface Peer {
  readonly DNSName?: string;
  readonly HostName?: string;
  readonly TailscaleIPs?: readonly string[] | null;
}

/** A tailscaled of ours and its command, in a directory. */
export class Node {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #daemon: Daemon;

  constructor(dir: string, daemon: Daemon) {
    this.dir = dir;
    this.env = { ...ENVIRONMENT, HOME: dir, PATH: process.env.PATH ?? "" };
    this.#daemon = daemon;
  }

  #command({ tailscale }: TailnetTools, limit: number, ...args: string[]) {
    return run([tailscale, SOCKET, ...args], this, limit);
  }

  /** What it says of itself, and of its peers unless told otherwise; nothing when it does not answer. */
  async status(tools: TailnetTools, ...args: string[]): Promise<NodeStatus> {
    const { stdout } = await this.#command(tools, COMMAND, "status", "--json", ...args);
    // It ends with 1 when it is not logged in, and tells its state all the same.
    return stdout.startsWith("{") ? (JSON.parse(stdout) as NodeStatus) : {};
  }

  /** Starts it, and waits until it knows whether it is logged in. @throws {DevboxError} TAILNET_FAILED */
  async start(tools: TailnetTools): Promise<void> {
    const where = ["--tun=userspace-networking", "--statedir=.", SOCKET, "--port=0", "--no-logs-no-support"];
    await this.#daemon.start([tools.tailscaled, ...where], this.env);
    const isSettled = async () => {
      const { BackendState: state = "NoState" } = await this.status(tools, "--peers=false");
      return state !== "NoState" && state !== "Starting";
    };
    if ((await this.#daemon.answered(isSettled, START)) === "ready") return;
    throw new DevboxError("TAILNET_FAILED", "the client of this machine does not start.", {
      why: this.#daemon.words(),
      next: ["Try again", `See what it said: ${this.#daemon.log}`],
    });
  }

  /** Logs it in; the key goes by a file that is gone afterwards. @throws {DevboxError} TAILNET_FAILED */
  async login(tools: TailnetTools, key: Secret, ...options: string[]): Promise<void> {
    const file = join(this.dir, "authkey");
    try {
      writePrivate(file, key.reveal());
      const how = [`--auth-key=file:${file}`, `--timeout=${String(LOGIN)}s`, "--accept-dns=false", "--reset"];
      const limit = LOGIN * SECOND + COMMAND;
      const { exitCode, stderr } = await this.#command(tools, limit, "up", ...how, ...options);
      if (exitCode === 0) return;
      throw new DevboxError("TAILNET_FAILED", "this machine could not join the tailnet.", {
        why: redacted(printableLines(stderr), key),
        next: ["Try again", "See how the tailnet is: devbox-ctl tailnet dev status"],
      });
    } finally {
      rmSync(file, { force: true });
    }
  }
}
