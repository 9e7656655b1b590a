import { readdirSync, readFileSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { headscaleUrl } from "../../core/dev-tailnet/headscale-config.ts";
import { suggestName } from "../../core/name.ts";
import type { ProcessIdentity } from "../../core/operation.ts";
import { Secret } from "../../core/secret.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DevTailnet } from "../../ports/dev-tailnet.ts";
import { byRoute } from "./addresses.ts";
import { createClient } from "./client.ts";
import { createControl } from "./control.ts";
import { Daemon } from "./daemon.ts";
import { privateDirectory } from "./files.ts";
import { keptCalls, placesIn } from "./kept.ts";
import { alone } from "./lock.ts";
import { freePort, newApiKey, startServer } from "./server.ts";
import { findTools } from "./tools.ts";

export interface DevTailnetOptions {
  /** Everything of it goes there. */
  readonly dir: string;
  /** Directory with the scripts: containers/headscale. */
  readonly scripts: string;
  readonly clock: Clock;
  readonly isAlive: (process: ProcessIdentity) => boolean;
}

/** A headscale on this machine, and devices of this machine in its tailnet. */
export function createDevTailnet({ dir, scripts, clock, isAlive }: DevTailnetOptions): DevTailnet {
  const daemonIn = (where: string, name: string) =>
    new Daemon({ dir: where, name, runOne: join(scripts, "run-one"), clock, isAlive });
  const server = daemonIn(dir, "headscale");
  const kept = keptCalls(placesIn(dir, server.log));
  const clientsDir = join(dir, "clients");
  const client = (user: string) => {
    const own = join(clientsDir, user);
    return createClient({ dir: own, hostname: deviceName(user), daemon: daemonIn(own, "tailscaled"), clock });
  };
  return {
    ...kept,
    alone: (work) => {
      privateDirectory(dirname(dir));
      return alone(`${dir}.lock`, clock, work);
    },
    tools: (onLine) => findTools(join(scripts, "build"), onLine),
    addresses: () => byRoute(networkInterfaces(), readFileSync("/proc/net/route", "latin1")),
    freePort,
    state: () => server.state(),
    start: (tools, record) => startServer(server, dir, tools, record),
    reload: () => {
      server.signal("SIGHUP");
    },
    stop: async () => {
      for (const user of directoriesIn(clientsDir)) await client(user).stop();
      await server.stop();
    },
    renewApiKey: async (tools, life) => {
      kept.keepApiKey(await newApiKey(dir, tools, life));
    },
    control: (record) => createControl(headscaleUrl(record), kept.keptApiKey() ?? new Secret(""), clock),
    client,
  };
}

/** What a user's device on this machine is called: `alice-on-thishost`. */
const deviceName = (user: string): string => suggestName(`${user}-on-${hostname().split(".")[0] ?? ""}`) ?? user;

function directoriesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
