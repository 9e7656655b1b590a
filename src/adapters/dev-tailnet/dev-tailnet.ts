import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { basename, dirname, join } from "node:path";
import { headscaleConfig, headscaleUrl } from "../../core/dev-tailnet/headscale-config.ts";
import { policyFor } from "../../core/dev-tailnet/policy.ts";
import { readRecord } from "../../core/dev-tailnet/record.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { suggestName } from "../../core/name.ts";
import type { ProcessIdentity } from "../../core/operation.ts";
import { redacted, Secret } from "../../core/secret.ts";
import { authKeyItem } from "../../core/tailnet.ts";
import { printableLines, quote } from "../../core/text.ts";
import { HOUR, SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DevTailnet, DevTailnetPlaces, TailnetTools } from "../../ports/dev-tailnet.ts";
import { byRoute } from "./addresses.ts";
import { createClient } from "./client.ts";
import { createControl } from "./control.ts";
import { Daemon } from "./daemon.ts";
import { privateDirectory, textOf, writePrivate } from "./files.ts";
import { alone } from "./lock.ts";
import { ask, isFree, run } from "./run.ts";
import { findTools } from "./tools.ts";

/** Milliseconds that headscale may take until it answers: a second, but machines are busy. */
const START = 30 * SECOND;
/** Milliseconds for its command. */
const COMMAND = 20 * SECOND;
/** Seconds after which it forgets a box that is gone, as Tailscale does at the earliest. */
const FORGET_AFTER = (30 * 60 * SECOND) / SECOND;
/** Below the ports that the kernel gives to outgoing connections, so that it is free at the next start as well. */
const PORTS = { first: 20_000, count: 10_000 };

const CONFIG = "devbox.yaml";
const RECORD = "tailnet.json";

/** Whether a configuration file is the one that a tailnet of one's own made for its boxes. */
export const isDevTailnetConfig = (file: string): boolean =>
  basename(file) === CONFIG && textOf(join(dirname(file), RECORD)) !== undefined;

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
  const daemonOf = (where: string, name: string) =>
    new Daemon({ dir: where, name, runOne: join(scripts, "run-one"), clock, isAlive });
  const server = daemonOf(dir, "headscale");
  const places: DevTailnetPlaces = {
    dir,
    config: join(dir, CONFIG),
    keys: join(dir, "keys"),
    apiKey: join(dir, "api-key"),
    stateDir: `${dir}-boxes`,
    log: server.log,
  };
  const env = { HOME: dir, PATH: process.env.PATH ?? "" };
  const recordFile = join(dir, RECORD);
  const clientsDir = join(dir, "clients");
  const keyFile = (user: string) => join(places.keys, authKeyItem(user));
  const keptApiKey = () => secretIn(places.apiKey);
  const clients = () => directoriesIn(clientsDir);
  const client = (user: string) => {
    const own = join(clientsDir, user);
    return createClient({ dir: own, hostname: deviceName(user), daemon: daemonOf(own, "tailscaled"), clock });
  };

  return {
    places,
    alone: (work) => {
      privateDirectory(dirname(dir));
      return alone(`${dir}.lock`, clock, work);
    },
    tools: (onLine) => findTools(join(scripts, "build"), onLine),
    addresses: () => byRoute(networkInterfaces(), readFileSync("/proc/net/route", "latin1")),
    freePort: async (address) => {
      const start = Math.floor(Math.random() * PORTS.count);
      for (let i = 0; i < PORTS.count; i += 1) {
        const port = PORTS.first + ((start + i) % PORTS.count);
        if (await isFreeHere(address, port)) return port;
      }
      throw new DevboxError("PORT_TAKEN", `no port of ${address} is free.`, { next: ["Free one, or name another"] });
    },
    record: () => {
      const text = textOf(recordFile);
      return text === undefined ? undefined : readRecord(text, recordFile);
    },
    keep: (record) => {
      for (const each of [dir, places.keys]) {
        privateDirectory(each);
        chmodSync(each, 0o700);
      }
      const policy = policyFor(record.users);
      const file = join(dir, "policy.hujson");
      const differs = textOf(file) !== policy;
      const place = { ...record, stunPort: record.port, policy: "policy.hujson", forgetAfter: FORGET_AFTER };
      writePrivate(join(dir, "config.yaml"), headscaleConfig(place));
      writePrivate(file, policy);
      // Last: who finds a record finds the rest.
      writePrivate(recordFile, `${JSON.stringify(record, null, 2)}\n`);
      return differs;
    },
    state: () => server.state(),
    start: async ({ headscale }, record) => {
      // Before it is tried: whoever listens there might answer in its place.
      if (!(await isFreeHere(record.address, record.port))) return false;
      await server.start([headscale, "--config", "config.yaml", "serve"], env);
      const isHealthy = () =>
        ask("GET", `${headscaleUrl(record)}/health`, { timeout: SECOND }).then(
          ({ status }) => status === 200,
          () => false,
        );
      const end = await server.answered(isHealthy, START);
      if (end === "ready") return true;
      const why = server.words();
      if (end === "ended" && why.includes("address already in use")) return false;
      throw new DevboxError("TAILNET_FAILED", end === "ended" ? "headscale ended." : "headscale does not answer.", {
        why,
        next: [`Read what it said: ${server.log}`, `The program is ${headscale}; this was made for version 0.29`],
      });
    },
    reload: () => {
      server.signal("SIGHUP");
    },
    stop: async () => {
      for (const user of clients()) await client(user).stop();
      await server.stop();
    },
    renewApiKey: async (tools, life) => {
      writePrivate(places.apiKey, (await newApiKey(tools, { dir, env }, life)).reveal());
    },
    control: (record) => createControl(headscaleUrl(record), keptApiKey() ?? new Secret(""), clock),
    keptApiKey,
    keptKey: (user) => secretIn(keyFile(user)),
    keepKey: (user, key) => {
      writePrivate(keyFile(user), key.reveal());
    },
    keyFile,
    writeConfig: (text) => {
      writePrivate(places.config, text);
    },
    client,
    clients,
    purge: () => {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const secretIn = (file: string): Secret | undefined => {
  const text = textOf(file)?.trim() ?? "";
  return text === "" ? undefined : new Secret(text);
};

/** What a user's device on this machine is called: `alice-on-thishost`. */
const deviceName = (user: string): string => suggestName(`${user}-on-${hostname().split(".")[0] ?? ""}`) ?? user;

function directoriesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

async function isFreeHere(address: string, port: number): Promise<boolean> {
  try {
    return await isFree(address, port);
  } catch (error) {
    throw new DevboxError("TAILNET_FAILED", `nothing can listen on ${quote(address)}.`, {
      why: messageOf(error),
      next: ["Name an address of this machine that boxes reach: devbox-ctl tailnet dev up --address ADDRESS"],
    });
  }
}

/** By the socket in its directory, which its owner alone can open: an API key is needed for everything else. */
async function newApiKey(
  { headscale }: TailnetTools,
  surroundings: Parameters<typeof run>[1],
  life: number,
): Promise<Secret> {
  const words = ["--config", "config.yaml", "--output", "json", "apikeys", "create", "--expiration"];
  const argv = [headscale, ...words, `${String(Math.round(life / HOUR))}h`];
  const { exitCode, stdout, stderr } = await run(argv, surroundings, COMMAND);
  const key: unknown = exitCode === 0 ? JSON.parse(stdout) : undefined;
  if (typeof key === "string" && key !== "") return new Secret(key);
  throw new DevboxError("TAILNET_FAILED", "headscale made no API key.", {
    why: redacted(printableLines(stderr)),
    next: ["Try again", "Or begin anew: devbox-ctl tailnet dev down --purge"],
  });
}
