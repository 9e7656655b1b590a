import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { execa } from "execa";
import { vi } from "vitest";
import { IMAGE } from "../../src/core/image-contract.ts";
import { testName } from "./ids.ts";
import { testImage } from "./image.ts";
import { benchEnv, podmanOk } from "./podman.ts";

const PROGRAM = "/usr/bin/syncthing";

/** Whether this machine has what these tests put into an image and run as the other device. */
export const hasSyncthing = (): Promise<boolean> =>
  access(PROGRAM).then(
    () => true,
    () => false,
  );

/** The small test image with this machine's Syncthing in it, which is the same Debian package as the full image's. */
export async function syncthingImage(): Promise<string> {
  const container = testName("image");
  const tag = `localhost/${testName("sync")}:latest`;
  await podmanOk(["create", "--name", container, await testImage()]);
  await podmanOk(["cp", PROGRAM, `${container}:${PROGRAM}`]);
  await podmanOk(["commit", "--quiet", container, tag]);
  await podmanOk(["rm", container]);
  return tag;
}

export interface Forwarder extends AsyncDisposable {
  readonly port: number;
}

/** A port of this machine's loopback that leads to one of the box's, by the program `connect` in it. */
export async function forwardTo(container: string, port: number): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const argv = ["exec", "--interactive", "--user", "dev", container, IMAGE.programs.connect, String(port)];
    const child = spawn("podman", argv, { env: benchEnv(), stdio: ["pipe", "pipe", "ignore"] });
    sockets.add(socket);
    // An end on either side is an ordinary one here: the box is stopped, or the device goes away.
    socket.on("error", () => child.stdin.destroy());
    child.stdin.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      child.stdin.destroy();
    });
    child.on("close", () => socket.destroy());
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A Syncthing on this machine: the workstation's side of a pair, with a home of its own and loopback ports alone. */
export interface OtherDevice extends AsyncDisposable {
  readonly id: string;
  readonly folder: string;
  /** Asks its REST interface. @throws when it refuses */
  rest(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Adds the box by its id and address, and shares the folder `sync` with it. */
  add(box: string, port: number): Promise<void>;
}

/** What keeps it to this machine, and makes it look for the box every few seconds instead of every minute. */
const SETTINGS: Readonly<Record<string, string>> = {
  globalAnnounceEnabled: "false",
  localAnnounceEnabled: "false",
  relaysEnabled: "false",
  natEnabled: "false",
  crashReportingEnabled: "false",
  startBrowser: "false",
  reconnectionIntervalS: "2",
};

async function generate(home: string, env: Record<string, string>): Promise<string> {
  await execa(PROGRAM, ["generate", `--home=${home}`], { extendEnv: false, env });
  const file = path.join(home, "config.xml");
  let config = await readFile(file, "utf8");
  const settings = { ...SETTINGS, listenAddress: `tcp://127.0.0.1:${String(await freePort())}` };
  for (const [name, value] of Object.entries(settings)) {
    config = config.replace(new RegExp(`<${name}>[^<]*</${name}>`), `<${name}>${value}</${name}>`);
  }
  await writeFile(file, config);
  return /<apikey>([^<]*)<\/apikey>/.exec(config)?.[1] ?? "";
}

export async function otherDevice(): Promise<OtherDevice> {
  const root = await mkdtemp(path.join(tmpdir(), "dbxtest-syncthing-"));
  const [home, folder] = [path.join(root, "home"), path.join(root, "sync")];
  const env = { HOME: root, PATH: process.env.PATH ?? "", STNODEFAULTFOLDER: "1", STNOUPGRADE: "1" };
  await mkdir(folder);
  const key = await generate(home, env);
  const gui = `http://127.0.0.1:${String(await freePort())}`;
  const argv = ["serve", `--home=${home}`, `--gui-address=${gui}`, "--no-browser", "--no-restart"];
  const running = execa(PROGRAM, argv, { extendEnv: false, env, reject: false, stdio: "ignore" });
  const rest = async (method: string, where: string, body?: unknown): Promise<unknown> => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(gui + where, { method, headers: { "X-API-Key": key }, ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${where}: ${String(response.status)} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const { myID } = (await vi.waitFor(() => rest("GET", "/rest/system/status"), { timeout: 30_000, interval: 200 })) as {
    myID: string;
  };
  return {
    id: myID,
    folder,
    rest,
    async add(box, port) {
      const addresses = [`tcp://127.0.0.1:${String(port)}`];
      await rest("POST", "/rest/config/devices", { deviceID: box, name: "box", addresses });
      const devices = [{ deviceID: box }];
      await rest("POST", "/rest/config/folders", { id: "sync", path: folder, fsWatcherDelayS: 1, devices });
    },
    [Symbol.asyncDispose]: async () => {
      running.kill("SIGTERM");
      await running;
      await rm(root, { recursive: true, force: true });
    },
  };
}
