import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces, tmpdir, type NetworkInterfaceInfo } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { waitFor } from "./wait.ts";
import { headscaleConfig, headscaleUrl, isPrivate } from "../../src/core/dev-tailnet/headscale-config.ts";
import { policyFor } from "../../src/core/dev-tailnet/policy.ts";
import { startDaemon, type Daemon } from "./daemon.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

let built: Promise<string> | undefined;

/**
 * The directory with `headscale`, `tailscaled` and `tailscale`: minutes when they are built for the first time, for which
 * a Go is installed where there is none.
 */
export function tailnetTools(): Promise<string> {
  built ??= buildTools();
  return built;
}

async function buildTools(): Promise<string> {
  const script = path.join(ROOT, "containers/headscale/build");
  const there = await execa(script, ["--look"], { stdin: "ignore", reject: false });
  if (there.exitCode === 0) return there.stdout.trim();
  await execa("sh", [path.join(ROOT, "scripts/host-prepare.sh"), "--tailnet-tools"], { stdin: "ignore" });
  const { stdout } = await execa(script, [], { stdin: "ignore" });
  return stdout.trim();
}

/**
 * The interfaces of this machine with their addresses, without those of container engines: they come and go with the
 * containers of other tests.
 */
export function stayingInterfaces(): [string, NetworkInterfaceInfo[]][] {
  const all = Object.entries(networkInterfaces()).map(([name, each = []]) => [name, each] as [string, typeof each]);
  return all.filter(([name]) => !/^(podman|cni|docker|veth)/.test(name));
}

/**
 * An IPv4 address of this machine that is not the loopback's: boxes behind slirp4netns reach the host under it. A
 * private one where there is any: over plain http to any other address, tailscaled takes a second connection within
 * two minutes for a broken network, and asks for HTTPS at port 443 from then on.
 */
function hostAddress(): string {
  const all = stayingInterfaces().flatMap(([, each]) => each);
  const addresses = all.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
  const found = addresses.find((address) => isPrivate(address)) ?? addresses[0];
  if (found === undefined) throw new Error("this machine has no IPv4 address but the loopback's");
  return found;
}

/** A port of the address that nobody listens on now. */
export async function freeTcpPort(address = "127.0.0.1"): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, "listening");
  const listening = server.address();
  server.close();
  await once(server, "close");
  return typeof listening === "object" ? (listening?.port ?? 0) : 0;
}

async function freeUdpPort(address: string): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A node as headscale's REST interface tells it. */
export interface HeadscaleNode {
  readonly id: string;
  readonly nodeKey: string;
  readonly name: string;
  readonly givenName: string;
  readonly ipAddresses: readonly string[];
  readonly tags: readonly string[];
  readonly online: boolean;
  readonly user: { readonly name: string } | null;
  readonly preAuthKey: { readonly ephemeral: boolean } | null;
}

interface AuthKeyWish {
  /** Whose device it admits; a key with tags needs no user. */
  readonly user?: string;
  readonly tags?: readonly string[];
  /** Yes unless told. */
  readonly reusable?: boolean;
  /** Yes unless told. */
  readonly ephemeral?: boolean;
  /** Milliseconds from now, an hour unless told; less than 0 for one that has expired. */
  readonly expiration?: number;
}

/** A key with headscale's id for it. */
interface AuthKey {
  readonly id: string;
  readonly key: string;
}

export interface Headscale extends AsyncDisposable {
  /** Where it and its files are. */
  readonly dir: string;
  readonly url: string;
  /** An API key that is valid for a day, also to be had by {@link apiKey}. */
  readonly key: string;
  /** Makes a user, once; returns their id. */
  user(name: string): Promise<string>;
  authKey(wish: AuthKeyWish): Promise<AuthKey>;
  /** The key of a user's boxes as FR-051 wants it: reusable, ephemeral, with exactly their tags. */
  boxKey(user: string): Promise<AuthKey>;
  /** A further API key, in headscale's form of a duration: `24h`. */
  apiKey(expiration?: string): Promise<string>;
  nodes(): Promise<HeadscaleNode[]>;
  /** Ends a key's admitting; deleting keys would make devices forget that they are ephemeral. */
  expireKey(id: string): Promise<void>;
  /** Past the program, as an administrator might. */
  deleteNode(id: string): Promise<void>;
  /** Asks its REST interface with {@link key}. @throws when it refuses */
  rest(method: string, where: string, body?: unknown): Promise<unknown>;
  /** The `headscale` command; its standard output. */
  command(...args: string[]): Promise<string>;
  /** The control plane goes down; its data stays. */
  stop(): Promise<void>;
  /** And is back, under the same address. */
  start(): Promise<void>;
  /** Ends it and removes all that it had. */
  remove(): Promise<void>;
}

export interface HeadscaleOptions {
  /** HuJSON; the rules of `tailnet dev` for alice and bob unless told. */
  readonly policy?: string;
  /** Seconds after which a lost ephemeral device is forgotten; a day unless told, so that it is not what a test sees. */
  readonly forgetAfter?: number;
  /** Of this machine; {@link hostAddress} unless told. */
  readonly address?: string;
}

/** A control plane of its own, on this machine's address, with no users. Dispose of it, or call `remove`. */
export async function startHeadscale(options: HeadscaleOptions = {}): Promise<Headscale> {
  const tools = await tailnetTools();
  const dir = await mkdtemp(path.join(tmpdir(), "dbxtest-headscale-"));
  const address = options.address ?? hostAddress();
  const [port, stunPort] = [await freeTcpPort(address), await freeUdpPort(address)];
  const place = { address, port, stunPort, policy: "policy.hujson", forgetAfter: options.forgetAfter ?? 86_400 };
  await writeFile(path.join(dir, "config.yaml"), headscaleConfig(place));
  await writeFile(path.join(dir, place.policy), options.policy ?? policyFor(["alice", "bob"]));
  const url = headscaleUrl(place);
  const program = path.join(tools, "headscale");
  const settings = { cwd: dir, extendEnv: false, env: { HOME: dir, PATH: process.env.PATH ?? "" } } as const;
  let serving: Daemon | undefined;

  const command = async (...args: string[]): Promise<string> => {
    const argv = ["--config", "config.yaml", "--output", "json", ...args];
    const { stdout } = await execa(program, argv, { ...settings, stdin: "ignore", timeout: 20_000 });
    return stdout;
  };
  const rest = async (method: string, where: string, body?: unknown): Promise<unknown> => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url + where, { method, headers: { Authorization: `Bearer ${key}` }, ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${where}: ${String(response.status)} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const start = async (): Promise<void> => {
    const log = path.join(dir, "serve.log");
    serving = startDaemon([program, "--config", "config.yaml", "serve"], { dir, env: settings.env, log });
    const healthy = async () => {
      await fetch(`${url}/health`).then((answer) => answer.text());
    };
    await waitFor(healthy);
  };
  const stop = async (): Promise<void> => {
    // Long polls of connected devices hold up its end by seconds.
    await serving?.end();
    serving = undefined;
  };
  const remove = async (): Promise<void> => {
    await stop();
    await rm(dir, { recursive: true, force: true });
  };
  const apiKey = async (expiration = "24h"): Promise<string> =>
    JSON.parse(await command("apikeys", "create", "--expiration", expiration)) as string;
  const user = async (name: string): Promise<string> => {
    const { users } = (await rest("GET", "/api/v1/user")) as { users: { id: string; name: string }[] };
    const there = users.find((each) => each.name === name);
    if (there !== undefined) return there.id;
    const made = (await rest("POST", "/api/v1/user", { name })) as { user: { id: string } };
    return made.user.id;
  };
  const authKey = async (wish: AuthKeyWish): Promise<AuthKey> => {
    const { preAuthKey } = (await rest("POST", "/api/v1/preauthkey", {
      ...(wish.user === undefined ? {} : { user: await user(wish.user) }),
      reusable: wish.reusable ?? true,
      ephemeral: wish.ephemeral ?? true,
      aclTags: wish.tags ?? [],
      expiration: new Date(Date.now() + (wish.expiration ?? 3_600_000)).toISOString(),
    })) as { preAuthKey: AuthKey };
    return preAuthKey;
  };

  let key = "";
  try {
    await start();
    key = await apiKey();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    dir,
    url,
    key,
    user,
    authKey,
    boxKey: async (owner) => {
      await user(owner);
      return authKey({ tags: ["tag:devcontainer", `tag:${owner}-container`] });
    },
    apiKey,
    nodes: async () => ((await rest("GET", "/api/v1/node")) as { nodes: HeadscaleNode[] }).nodes,
    expireKey: async (id) => {
      await rest("POST", "/api/v1/preauthkey/expire", { id });
    },
    deleteNode: async (id) => {
      await rest("DELETE", `/api/v1/node/${id}`);
    },
    rest,
    command,
    stop,
    start,
    remove,
    [Symbol.asyncDispose]: remove,
  };
}
