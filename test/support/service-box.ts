import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, vi } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { testName } from "./ids.ts";
import { contractOptions } from "./image.ts";
import { podman, podmanOk } from "./podman.ts";
import type { Ran } from "./rootless.ts";

/** What `services list` says of one service. */
interface Service {
  readonly name: string;
  readonly state: "ready" | "starting" | "failing" | "stopped" | "absent";
  readonly enabled: boolean;
  readonly upSeconds: number;
  readonly restarts: number;
  readonly lastExit: string | null;
  readonly lines: readonly string[];
}

/** A box that was started by Podman alone, and its programs. */
export interface ServiceBox {
  readonly name: string;
  asRoot(...argv: string[]): Promise<Ran>;
  asDev(...argv: string[]): Promise<Ran>;
  ready(...args: string[]): Promise<Ran>;
  services(...args: string[]): Promise<Ran>;
  list(): Promise<readonly Service[]>;
  one(service: string): Promise<Service>;
  /** Waits until a service is in this state. */
  until(service: string, state: Service["state"]): Promise<Service>;
  /** The process of a service; 0 while it has none. */
  pid(service: string): Promise<number>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const eventually = <T>(check: () => Promise<T>, timeout = 30_000): Promise<T> =>
  vi.waitFor(check, { timeout, interval: 100 });

const { programs, serviceDirectory } = manifest;

/** Handles a box that runs already. */
function serviceBox(name: string): ServiceBox {
  const asRoot = (...argv: string[]): Promise<Ran> => podman(["exec", name, ...argv]);
  const list = async (): Promise<readonly Service[]> => {
    const { stdout, stderr, exitCode } = await asRoot(programs.services, "list");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    return (JSON.parse(stdout) as { services: Service[] }).services;
  };
  const one = async (service: string): Promise<Service> => {
    const found = (await list()).find((each) => each.name === service);
    if (found === undefined) throw new Error(`${service} is not in the list`);
    return found;
  };
  return {
    name,
    asRoot,
    asDev: (...argv) => podman(["exec", "--user", "dev", name, programs.session, "--", ...argv]),
    ready: (...args) => asRoot(programs.ready, ...args),
    services: (...args) => asRoot(programs.services, ...args),
    list,
    one,
    until: (service, state) =>
      eventually(async () => {
        const found = await one(service);
        expect(found).toMatchObject({ state });
        return found;
      }),
    async pid(service) {
      const { stdout } = await asRoot("s6-svstat", "-o", "pid", `${serviceDirectory}/${service}`);
      return Math.max(0, Number(stdout));
    },
    async stop() {
      await podmanOk(["stop", "--time", String(manifest.stopTimeoutSeconds), name]);
      // Killed by the engine it would leave 137.
      expect(await podmanOk(["inspect", "--format", "{{.State.ExitCode}}", name])).toBe("0");
    },
    async start() {
      await podmanOk(["start", name]);
      await eventually(async () => expect(await asRoot(programs.ready, "--shell")).toMatchObject({ exitCode: 0 }));
    },
  };
}

/** Starts a box by the contract, with more options of `podman run`, and waits until its shell is usable. */
export async function runServiceBox(image: string, options: readonly string[] = []): Promise<ServiceBox> {
  const name = testName();
  await podmanOk(["run", "--detach", "--name", name, ...contractOptions(), ...options, image]);
  const box = serviceBox(name);
  expect(await box.ready("--shell", "--wait", "20")).toMatchObject({ exitCode: 0, stderr: "" });
  return box;
}

export interface TestService {
  readonly name: string;
  /** What it runs: lines of a shell script. */
  readonly start: string;
  /** When it answers: lines of a shell script; at once without. */
  readonly check?: string;
  readonly asDev?: boolean;
  readonly down?: boolean;
  readonly program?: string;
}

/** Service directories of the usual shape in a folder of their own, and the mounts that put them into an image. */
export async function testServices(
  services: readonly TestService[],
): Promise<{ readonly mounts: readonly string[]; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "dbxtest-services-"));
  await chmod(folder, 0o755);
  for (const { name, start, check = "", asDev = false, down = false, program } of services) {
    const write = async (file: string, text: string): Promise<void> => {
      const target = path.join(folder, name, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, text, { mode: 0o755 });
    };
    const lib = "exec /usr/libexec/devbox/lib";
    await write("run", `#!/bin/sh\n${lib}/serve ${asDev ? "--as-dev" : ""}\n`);
    await write("finish", `#!/bin/sh\n${lib}/served "$@"\n`);
    await write("log/run", `#!/bin/sh\n${lib}/serve-log ${name}\n`);
    await write("notification-fd", "3\n");
    await write("timeout-kill", "3000\n");
    await write("data/start", `#!/bin/sh\n${start}\n`);
    await write("data/check", `#!/bin/sh\n${check}\n`);
    if (down) await write("down", "");
    if (program !== undefined) await write("data/program", `${program}\n`);
  }
  return {
    mounts: services.map(({ name }) => `--volume=${path.join(folder, name)}:/etc/s6/services/${name}:ro`),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
