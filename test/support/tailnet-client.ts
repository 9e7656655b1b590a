import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { waitFor } from "./wait.ts";
import { startDaemon } from "./daemon.ts";
import { freeTcpPort, tailnetTools, type Headscale } from "./headscale.ts";
import { runClean, type Ran, type RunOptions } from "./rootless.ts";

export interface ClientOptions {
  /** Whose device it is. It has no tags unless it is given a key that has some. */
  readonly user: string;
  /** Instead of a key of that user's. */
  readonly key?: string;
  readonly hostname?: string;
  /** Serves Tailscale SSH itself, which works for the user that runs the tests alone. */
  readonly ssh?: boolean;
}

/** A device of a person on this machine, which needs no rights: its network is its own process. */
export interface TailnetClient extends AsyncDisposable {
  readonly dir: string;
  /** A SOCKS5 proxy into the tailnet, on the loopback. */
  readonly socksPort: number;
  /** Runs a command by SSH, the tailnet's own; `dev@` unless the target names somebody. Never throws. */
  ssh(target: string, argv: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Options that lead OpenSSH's programs through the tailnet. */
  readonly sshOptions: readonly string[];
  /** Asks a URL through the tailnet with curl; standard output is the answer's body. Never throws. */
  curl(url: string, ...args: string[]): Promise<Ran>;
  /** What `tailscale status --json` says. */
  status(): Promise<Record<string, unknown>>;
  /** The `tailscale` command. Never throws. */
  command(...args: string[]): Promise<Ran>;
  /** Logs out, ends it and removes all that it had. */
  stop(): Promise<void>;
}

/** Joins this machine to a tailnet as a device of a user. Dispose of it, or call `stop`. */
export async function startClient(headscale: Headscale, options: ClientOptions): Promise<TailnetClient> {
  const tools = await tailnetTools();
  const dir = await mkdtemp(path.join(tmpdir(), "dbxtest-client-"));
  const socksPort = await freeTcpPort();
  const env = {
    HOME: dir,
    PATH: process.env.PATH ?? "",
    TS_DEBUG_USE_DERP_HTTP: "1",
    TS_DISABLE_PORTMAPPER: "1",
    TS_DISABLE_UPNP: "1",
  };
  const socket = path.join(dir, "tailscaled.sock");
  const argv = ["--tun=userspace-networking", `--statedir=${dir}`, `--socket=${socket}`, "--port=0"];
  const more = ["--no-logs-no-support", `--socks5-server=127.0.0.1:${String(socksPort)}`];
  const log = path.join(dir, "tailscaled.log");
  const daemon = startDaemon([path.join(tools, "tailscaled"), ...argv, ...more], { dir, env, log });
  const words = [path.join(tools, "tailscale"), `--socket=${socket}`];
  const command = (...args: string[]) => runClean([...words, ...args], env, { timeout: 60_000 });
  const status = async () => {
    const { stdout, stderr } = await command("status", "--json");
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const stop = async () => {
    // The control plane may be down, or gone before this.
    await runClean([...words, "logout"], env, { timeout: 5000 });
    await daemon.end();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await headscale.user(options.user);
    const key = options.key ?? (await headscale.authKey({ user: options.user })).key;
    await waitFor(status);
    const name = options.hostname ?? `${options.user}-client`;
    const login = [`--auth-key=${key}`, `--login-server=${headscale.url}`, `--hostname=${name}`, "--timeout=30s"];
    const joined = await command("up", ...login, ...(options.ssh === true ? ["--ssh"] : []));
    if (joined.exitCode !== 0) throw new Error(`tailscale up: ${joined.stderr}`);
  } catch (error) {
    await stop();
    throw error;
  }
  const trust = ["-oStrictHostKeyChecking=no", `-oUserKnownHostsFile=${dir}/known_hosts`, "-oLogLevel=ERROR"];
  const patience = ["-oBatchMode=yes", "-oConnectTimeout=15"];
  const sshOptions = ["-F", "none", "-o", `ProxyCommand=${words.join(" ")} nc %h %p`, ...trust, ...patience];
  return {
    dir,
    socksPort,
    sshOptions,
    ssh: (target, run, runOptions) => {
      const to = target.includes("@") ? target : `dev@${target}`;
      return runClean(["ssh", ...sshOptions, to, "--", ...run], env, runOptions);
    },
    curl: (url, ...args) =>
      runClean(
        ["curl", "-sS", "--max-time", "15", "--proxy", `socks5h://127.0.0.1:${String(socksPort)}`, ...args, url],
        env,
      ),
    status,
    command,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
