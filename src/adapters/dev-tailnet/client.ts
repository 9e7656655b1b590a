import { rmSync } from "node:fs";
import { join } from "node:path";
import { DevboxError } from "../../core/errors.ts";
import { redacted, type Secret } from "../../core/secret.ts";
import { firstLabel } from "../../core/tailnet.ts";
import { printableLines } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DevClient, TailnetTools } from "../../ports/dev-tailnet.ts";
import type { Daemon } from "./daemon.ts";
import { privateDirectory, textOf, writePrivate } from "./files.ts";
import { run, runHere } from "./run.ts";

/** Milliseconds that tailscaled may take until it answers, and until it is what it was before it ended. */
const START = 20 * SECOND;
/** Seconds that a login may take. */
const LOGIN = 30;
/** Milliseconds for which a device that was made just now is looked for. */
const NEW_DEVICE = 5 * SECOND;
const POLL = 100;

/** In its own directory: a socket's whole path may be too long for the kernel. */
const SOCKET = "tailscaled.sock";

/** What tailscaled is told: no network of the machine's, no statistics, a relay in plain http, and no router to ask. */
const ENVIRONMENT = {
  TS_NO_LOGS_NO_SUPPORT: "true",
  TS_DISABLE_PORTMAPPER: "1",
  TS_DISABLE_UPNP: "1",
  TS_DEBUG_USE_DERP_HTTP: "1",
};

/** As far as it is looked at: `tailscale status --json`. */
interface Status {
  readonly BackendState?: string;
  readonly Peer?: Readonly<Record<string, Peer>> | null;
}

interface Peer {
  readonly DNSName?: string;
  readonly HostName?: string;
  readonly TailscaleIPs?: readonly string[] | null;
}

export interface ClientOptions {
  readonly dir: string;
  readonly hostname: string;
  readonly daemon: Daemon;
  readonly clock: Clock;
}

/** A device of a person on this machine: a tailscaled in user space, which needs no rights and changes no network. */
export function createClient({ dir, hostname, daemon, clock }: ClientOptions): DevClient {
  const env = { ...ENVIRONMENT, HOME: dir, PATH: process.env.PATH ?? "" };
  // The control plane that it knows; what it has from another one is of no use.
  const knows = join(dir, "control-url");

  const command = (tools: TailnetTools, ...args: string[]) =>
    run([tools.tailscale, `--socket=${SOCKET}`, ...args], { dir, env }, (LOGIN + 10) * SECOND);
  const status = async (tools: TailnetTools, ...args: string[]): Promise<Status> => {
    const { exitCode, stdout } = await command(tools, "status", "--json", ...args);
    return exitCode === 0 || stdout.startsWith("{") ? (JSON.parse(stdout) as Status) : {};
  };
  const start = async (tools: TailnetTools): Promise<void> => {
    const files = ["--statedir=.", `--socket=${SOCKET}`];
    const argv = [tools.tailscaled, "--tun=userspace-networking", ...files, "--port=0", "--no-logs-no-support"];
    await daemon.start(argv, env);
    const isSettled = async () => {
      const { BackendState: state = "NoState" } = await status(tools, "--peers=false");
      return state !== "NoState" && state !== "Starting";
    };
    const end = await daemon.answered(isSettled, START);
    if (end === "ready") return;
    throw new DevboxError("TAILNET_FAILED", "the client of this machine does not start.", {
      why: daemon.words(),
      next: ["Try again", `See what it said: ${daemon.log}`],
    });
  };
  const login = async (tools: TailnetTools, url: string, key: Secret): Promise<void> => {
    const file = join(dir, "authkey");
    try {
      writePrivate(file, key.reveal());
      const how = [`--hostname=${hostname}`, `--timeout=${String(LOGIN)}s`, "--accept-dns=false", "--reset"];
      const { exitCode, stderr } = await command(
        tools,
        "up",
        `--auth-key=file:${file}`,
        `--login-server=${url}`,
        ...how,
      );
      if (exitCode === 0) return;
      throw new DevboxError("TAILNET_FAILED", "this machine could not join the tailnet.", {
        why: redacted(printableLines(stderr), key),
        next: ["Try again", "See how the tailnet is: devbox-ctl tailnet dev status"],
      });
    } finally {
      rmSync(file, { force: true });
    }
  };

  return {
    state: () => daemon.state(),
    stop: () => daemon.stop(),
    join: async (tools, { url, key }) => {
      const before = textOf(knows);
      if (before !== undefined && before !== url) {
        await daemon.stop();
        rmSync(dir, { recursive: true });
      }
      privateDirectory(dir);
      if (daemon.state() !== "running") await start(tools);
      if ((await status(tools, "--peers=false")).BackendState === "Running") return;
      writePrivate(knows, url);
      await login(tools, url, await key());
    },
    addressOf: async (tools, name) => {
      const end = clock.monotonic() + NEW_DEVICE;
      for (;;) {
        const address = addressIn(await status(tools), name);
        if (address !== undefined || clock.monotonic() > end) return address;
        await clock.sleep(POLL);
      }
    },
    ssh: (tools, address, words) => {
      const proxy = `ProxyCommand=${shellWord(tools.tailscale).replaceAll("%", "%%")} --socket=${SOCKET} nc %h %p`;
      // The tailnet proves who answers, so there is nothing to be learnt from a key of SSH's; and a box that was made
      // anew under its name has another one.
      const trust = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR"];
      const options = ["-F", "none", "-o", proxy, ...trust, "-oConnectTimeout=15", "-l", "dev"];
      const remote = words === undefined ? [] : [words.map((word) => shellWord(word)).join(" ")];
      return runHere(["ssh", ...options, "--", address, ...remote], { dir, env: { ...env, ...terminal() } });
    },
  };
}

/** By the name under which it is found, else by the one that it asked for. */
function addressIn({ Peer }: Status, name: string): string | undefined {
  const peers = Object.values(Peer ?? {});
  const named = peers.find(({ DNSName = "" }) => firstLabel(DNSName) === name);
  return (named ?? peers.find(({ HostName }) => HostName === name))?.TailscaleIPs?.[0];
}

const shellWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

function terminal(): Record<string, string> {
  return Object.fromEntries(["TERM", "LANG"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
