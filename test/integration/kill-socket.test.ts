import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPodmanEngine } from "../../src/adapters/podman/engine.ts";
import type { Verb } from "../fixtures/kill/job.ts";
import { orphanPids, type Prepared, Rig } from "../fixtures/kill/rig.ts";
import { ordinaryCommands, round } from "../fixtures/kill/round.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podman, podmanOk } from "../support/podman.ts";
import { podmanService, type PodmanService } from "../support/podman-service.ts";

// With engine.socket Podman's service does the work, and goes on with it when all who asked are gone.

const MINUTE = 60_000;

let image: string;
let service: PodmanService;

beforeAll(async () => {
  [image, service] = await Promise.all([testImage(), podmanService()]);
});

afterAll(() => service[Symbol.asyncDispose]());

it("waits for what the service does for nobody any more [X-06]", async () => {
  const settings = { namespace: "devbox", runtime: null, hook: { dir: "/nowhere", program: "/nowhere", blocked: [] } };
  const engine = createPodmanEngine({ path: "podman", timeout: MINUTE, socket: service.socket }, settings);
  expect(await engine.settled(MINUTE)).toBe(true);

  const name = testName("late");
  const body = JSON.stringify({ name, image, command: ["true"], entrypoint: [] });
  service.pause();
  const curl = ["--silent", "--max-time", "1", "--unix-socket", service.socket, "--json", body];
  const asked = await execa("curl", [...curl, "http://d/v4.0.0/libpod/containers/create"], { reject: false });
  expect(asked.exitCode).toBe(28);
  expect(await engine.settled(500)).toBe(false);

  const settled = engine.settled(MINUTE);
  service.resume();
  expect(await settled).toBe(true);
  expect((await podman(["container", "exists", name])).exitCode).toBe(0);
  await podmanOk(["rm", "--force", "--time", "0", name]);
});

describe("a command that is killed, with the client that it had asked the service by", () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await Rig.open(image, { engine: { socket: service.socket } });
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  /** Kills a command at a point of an engine call, and some milliseconds later the client that is left of it. */
  async function strike({ verb, name, home }: Prepared, at: string): Promise<{ killed: boolean }> {
    const { exitCode } = await rig.child({ verb, name, home, at });
    for (const pid of orphanPids(new Set(rig.ledger().rows.map(({ id }) => id)))) {
      try {
        process.kill(pid, "SIGTERM");
      } catch {
        // It had just ended.
      }
    }
    await setTimeout(20);
    return { killed: exitCode === -1 };
  }

  it.each<[Verb, string, number?]>([
    ["create", "engine.createVolume#1:5"],
    ["create", "engine.createBox#1:60", 0],
    ["create", "engine.createBox#1:150"],
    ["create", "engine.waitReady#1:60", 4],
    ["restart", "engine.stopBox#1:60", 1],
    ["restart", "engine.startBox#1:60"],
    ["rebuild", "engine.createBox#1:100", 3],
    ["destroy", "engine.removeBox#1:60"],
  ])(
    "loses nothing and leaves nothing: %s at %s [X-06] [P-06]",
    async (verb, at, command) => {
      const prepared = await rig.prepare(verb);
      const next = command === undefined ? undefined : ordinaryCommands(prepared)[command];
      const { killed, problems, trail } = await round(rig, prepared, () => strike(prepared, at), next);
      expect(killed).toBe(true);
      expect(problems, trail.join(" | ")).toEqual([]);
    },
    3 * MINUTE,
  );
});
