import { rmSync } from "node:fs";
import { join } from "node:path";
import { firstLabel } from "../../core/tailnet.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DevClient } from "../../ports/dev-tailnet.ts";
import type { Daemon } from "./daemon.ts";
import { privateDirectory, textOf, writePrivate } from "./files.ts";
import { Node, type NodeStatus, SOCKET } from "./node.ts";
import { runHere } from "./run.ts";

/** Milliseconds for which a device that joined just now is looked for. */
const NEW_DEVICE = 5 * SECOND;
/** Milliseconds between two looks. */
const POLL = 100;

export interface ClientOptions {
  readonly dir: string;
  readonly hostname: string;
  readonly daemon: Daemon;
  readonly clock: Clock;
}

/** A device of a person on this machine: a tailscaled in user space, which needs no rights and changes no network. */
export function createClient({ dir, hostname, daemon, clock }: ClientOptions): DevClient {
  const node = new Node(dir, daemon);
  // The control plane that it knows; what it has from another one is of no use.
  const knows = join(dir, "control-url");
  return {
    stop: () => daemon.stop(),
    join: async (tools, { url, key }) => {
      const before = textOf(knows);
      if (before !== undefined && before !== url) {
        await daemon.stop();
        rmSync(dir, { recursive: true });
      }
      privateDirectory(dir);
      if (daemon.state() !== "running") await node.start(tools);
      if ((await node.status(tools, "--peers=false")).BackendState === "Running") return;
      writePrivate(knows, url);
      await node.login(tools, await key(), `--login-server=${url}`, `--hostname=${hostname}`);
    },
    addressOf: async (tools, name) => {
      const end = clock.monotonic() + NEW_DEVICE;
      for (;;) {
        const address = addressIn(await node.status(tools), name);
        if (address !== undefined || clock.monotonic() > end) return address;
        await clock.sleep(POLL);
      }
    },
    ssh: (tools, address, words) => {
      const proxy = `ProxyCommand=${shellWord(tools.tailscale).replaceAll("%", "%%")} ${SOCKET} nc %h %p`;
      // The tailnet proves who answers, so there is nothing to be learnt from a key of SSH's; and a box that was made
      // anew under its name has another one.
      const trust = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR"];
      const options = ["-F", "none", "-o", proxy, ...trust, "-oConnectTimeout=15", "-l", "dev"];
      const remote = words === undefined ? [] : [words.map((word) => shellWord(word)).join(" ")];
      const env = { ...node.env, ...terminal() };
      return runHere(["ssh", ...options, "--", address, ...remote], { dir, env });
    },
  };
}

/** By the name under which it is found, else by the one that it asked for. */
function addressIn({ Peer }: NodeStatus, name: string): string | undefined {
  const peers = Object.values(Peer ?? {});
  const named = peers.find(({ DNSName = "" }) => firstLabel(DNSName) === name);
  return (named ?? peers.find(({ HostName }) => HostName === name))?.TailscaleIPs?.[0];
}

const shellWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

function terminal(): Record<string, string> {
  return Object.fromEntries(["TERM", "LANG"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
