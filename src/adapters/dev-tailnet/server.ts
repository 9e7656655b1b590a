import { headscaleUrl } from "../../core/dev-tailnet/headscale-config.ts";
import type { DevTailnetRecord } from "../../core/dev-tailnet/record.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { redacted, Secret } from "../../core/secret.ts";
import { printableLines, quote } from "../../core/text.ts";
import { HOUR, SECOND } from "../../core/time.ts";
import type { TailnetTools } from "../../ports/dev-tailnet.ts";
import type { Daemon } from "./daemon.ts";
import { ask, isFree, run } from "./run.ts";

/** Milliseconds that headscale may take until it answers: a second, but machines are busy. */
const START = 30 * SECOND;
/** Milliseconds for its command. */
const COMMAND = 20 * SECOND;
/** Below the ports that the kernel gives to outgoing connections, so that it is free at the next start as well. */
const PORTS = { first: 20_000, count: 10_000 };

const CONFIGURED = ["--config", "config.yaml"];

/** All that headscale gets of the caller's environment: its settings could be in there. */
const environment = (dir: string) => ({ HOME: dir, PATH: process.env.PATH ?? "" });

/**
 * Starts headscale in its directory and waits until it answers.
 * @returns false when its port is taken
 * @throws {DevboxError} TAILNET_FAILED with what it said last
 */
export async function startServer(
  server: Daemon,
  dir: string,
  { headscale }: TailnetTools,
  record: DevTailnetRecord,
): Promise<boolean> {
  // Before it is tried: whoever listens there might answer in its place.
  if (!(await isFreeHere(record.address, record.port))) return false;
  await server.start([headscale, ...CONFIGURED, "serve"], environment(dir));
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
}

/** A port of an address that nobody listens on, neither TCP nor UDP. @throws {DevboxError} PORT_TAKEN, TAILNET_FAILED */
export async function freePort(address: string): Promise<number> {
  const start = Math.floor(Math.random() * PORTS.count);
  for (let i = 0; i < PORTS.count; i += 1) {
    const port = PORTS.first + ((start + i) % PORTS.count);
    if (await isFreeHere(address, port)) return port;
  }
  throw new DevboxError("PORT_TAKEN", `no port of ${address} is free.`, { next: ["Free one, or name another"] });
}

async function isFreeHere(address: string, port: number): Promise<boolean> {
  try {
    return await isFree(address, port);
  } catch (error) {
    throw new DevboxError("TAILNET_FAILED", `nothing can listen on port ${String(port)} of ${quote(address)}.`, {
      why: messageOf(error),
      next: ["Leave --port out to have a free one", "Or name another address of this machine: --address ADDRESS"],
    });
  }
}

/**
 * An API key, by the socket in headscale's directory, which its owner alone can open.
 * @param life milliseconds that it is good for
 * @throws {DevboxError} TAILNET_FAILED
 */
export async function newApiKey(dir: string, { headscale }: TailnetTools, life: number): Promise<Secret> {
  const expiration = `${String(Math.round(life / HOUR))}h`;
  const argv = [headscale, ...CONFIGURED, "--output", "json", "apikeys", "create", "--expiration", expiration];
  const { exitCode, stdout, stderr } = await run(argv, { dir, env: environment(dir) }, COMMAND);
  const key: unknown = exitCode === 0 ? JSON.parse(stdout) : undefined;
  if (typeof key === "string" && key !== "") return new Secret(key);
  throw new DevboxError("TAILNET_FAILED", "headscale made no API key.", {
    why: redacted(printableLines(stderr)),
    next: ["Try again", "Or begin anew: devbox-ctl tailnet dev down --purge"],
  });
}
