import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { createHost } from "../../src/adapters/system/host.ts";
import { distinctPoints } from "../fixtures/kill/job.ts";
import { orphansOf, type Prepared, Rig } from "../fixtures/kill/rig.ts";
import { CONTRACT, round } from "../fixtures/kill/round.ts";
import { unsound } from "../fixtures/kill/world.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podmanOk } from "../support/podman.ts";

const MINUTE = 60_000;

let image: string;
let rig: Rig;

beforeAll(async () => {
  image = await testImage();
  rig = await Rig.open(image);
});

afterAll(() => rig[Symbol.asyncDispose]());

/** Runs a command in the child, which kills itself at a point. */
async function kill(on: Rig, { verb, name, home }: Prepared, at: string): Promise<{ killed: boolean }> {
  const { exitCode, stderr } = await on.child({ verb, name, home, at });
  expect(exitCode, `${verb} did not come to ${at}: ${stderr}`).toBe(-1);
  return { killed: true };
}

/** Doctor once, and everything is as it should be. */
async function expectMended(on: Rig): Promise<void> {
  const fixed = await on.cli.run(["doctor", "--fix"]);
  expect(fixed.exitCode, fixed.stdout + fixed.stderr).toBe(0);
  const again = await on.cli.run(["doctor"]);
  expect(again.exitCode, again.stdout + again.stderr).toBe(0);
  expect(unsound(await on.world(), on.kept)).toEqual([]);
}

async function idOf(on: Rig, name: string): Promise<string> {
  return (await on.world()).rows.find((row) => row.name === name)?.id ?? "";
}

describe("the engine call that a killed command leaves", () => {
  it.each(["podman", ".podman-wrapped"])("is waited for, under the name %s [P-06]", async (as) => {
    const slow = path.join(rig.cli.home, as);
    writeFileSync(slow, '#!/bin/sh\ncase " $* " in *" run "*) sleep 2 ;; esac\nPATH=${PATH#*:} exec podman "$@"\n');
    chmodSync(slow, 0o755);
    await using own = await Rig.open(image, { engine: { path: slow } });
    const prepared = await own.prepare("create");
    await kill(own, prepared, "engine.createBox#1:500");
    expect(orphansOf(new Set([await idOf(own, prepared.name)]))).toBeGreaterThan(0);
    // Undone before the container were made, the container would come afterwards and belong to nobody.
    await own.ok("destroy", prepared.name, "--yes");
    expect(unsound(await own.world(), own.kept)).toEqual([]);
    expect((await own.world()).containers).toEqual([]);
  });

  it("is not mistaken for what a running box keeps [P-06]", async () => {
    const { name } = await rig.prepare("restart");
    expect(await createHost(systemClock).waitForOrphans(await idOf(rig, name), 0)).toBe(true);
  });
});

describe("a box that does not end when it is asked to", () => {
  it(
    "does not run on without a container when its destroy is killed [X-06]",
    async () => {
      const stubborn = `localhost/${testName("stubborn")}:1`;
      const source = testName("source");
      await podmanOk(["create", "--name", source, image]);
      const entry = ["/bin/sh", "-c", "trap : TERM; while :; do sleep 0.2; done"];
      await podmanOk(["commit", "--quiet", "--change", `ENTRYPOINT ${JSON.stringify(entry)}`, source, stubborn]);
      await using own = await Rig.open(stubborn);
      const prepared = await own.prepare("start");
      const container = `${own.namespace}-${prepared.name}`;
      await podmanOk(["start", container]);
      const pid = await podmanOk(["inspect", "--format", "{{.State.Pid}}", container]);
      expect(existsSync(`/proc/${pid}`)).toBe(true);
      // Podman warns when the time that it gives a box is over; nobody reads it any more, and it dies of that.
      await kill(own, { ...prepared, verb: "destroy" }, "engine.removeBox#1:2000");
      await expectMended(own);
      expect((await own.world()).rows).toEqual([]);
      expect(existsSync(`/proc/${pid}`)).toBe(false);
    },
    2 * MINUTE,
  );
});

describe("recovery", () => {
  it.each([
    ["create", "engine.createBox#1:after"],
    ["destroy", "engine.removeBox#1:after"],
    ["restart", "engine.stopBox#1:after"],
  ] as const)(
    "of a %s can be killed itself, and again [X-06] [P-06]",
    async (verb, at) => {
      const dry = await rig.prepare(verb);
      await kill(rig, dry, at);
      const file = path.join(rig.cli.home, "calls.json");
      expect(await rig.child({ verb: "doctor --fix", name: "", calls: file })).toMatchObject({ exitCode: 0 });
      await rig.clear(dry);
      const calls = (JSON.parse(readFileSync(file, "utf8")) as string[]).filter((call) =>
        /^ledger\.(?!setFact)|^engine\.(remove|start|stop|wait)/.test(call),
      );
      const points = distinctPoints(calls, [20]);
      const chosen = points.filter((_point, i) => i % Math.ceil(points.length / 3) === 1);
      expect(chosen.length).toBeGreaterThan(1);
      for (const [i, point] of chosen.entries()) {
        const prepared = await rig.prepare(verb);
        const twice = async (): Promise<{ killed: boolean }> => {
          await kill(rig, prepared, at);
          const { exitCode } = await rig.child({ verb: "doctor --fix", name: "", at: point });
          return { killed: exitCode === -1 };
        };
        const outcome = await round(rig, prepared, twice, i % 2 === 0 ? undefined : ["start", prepared.name]);
        expect(outcome.problems, `${point}: ${outcome.trail.join(" · ")}`).toEqual([]);
      }
    },
    3 * MINUTE,
  );

  it.each([
    ["destroy", "engine.removeBox#1:20"],
    ["restart", "engine.stopBox#1:20"],
    ["create", "engine.createBox#1:60"],
  ] as const)("of a %s is done by one of several that come at once [X-06]", async (verb, at) => {
    const prepared = await rig.prepare(verb);
    await kill(rig, prepared, at);
    const { name } = prepared;
    const commands = [
      ["doctor", "--fix"],
      ["start", name],
      ["start", name],
      ["stop", name],
      ["create", name, "--yes"],
    ];
    const ran = await Promise.all(commands.map((args) => rig.cli.run(args)));
    for (const { exitCode, stdout, stderr } of ran) expect([...CONTRACT], stdout + stderr).toContain(exitCode);
    await expectMended(rig);
    await rig.clear(prepared);
  });

  it("gives up a restart whose container was removed, so that the box can be recreated or destroyed [P-07]", async () => {
    for (const args of [
      ["start", "--recreate"],
      ["destroy", "--yes"],
    ] as const) {
      const prepared = await rig.prepare("restart");
      await kill(rig, prepared, "engine.stopBox#1:after");
      await podmanOk(["rm", "--force", "--time", "0", `${rig.namespace}-${prepared.name}`]);
      await rig.ok(args[0], prepared.name, args[1]);
      if (args[0] === "start") expect(rig.isWhole(await rig.world(), prepared.home ?? "")).toBe(true);
      await expectMended(rig);
      await rig.clear(prepared);
    }
  });
});

describe("the doctor", () => {
  it.each(["ledger.adopt#1:before", "ledger.adopt#1:after"])(
    "can be killed while it enters boxes anew, at %s [X-06]",
    async (at) => {
      await using own = await Rig.open(image);
      const homes = [await own.witness(), await own.witness()];
      for (const suffix of ["", "-wal", "-shm"])
        rmSync(path.join(own.cli.stateDir, `ledger.db${suffix}`), { force: true });
      expect(await own.child({ verb: "doctor --fix", name: "", at })).toMatchObject({ exitCode: -1 });
      await expectMended(own);
      const world = await own.world();
      expect(world.rows.map(({ home }) => home).sort()).toEqual(homes.sort());
      expect(homes.every((home) => own.isWhole(world, home))).toBe(true);
    },
  );

  it("can be called twice at once on a lost ledger [X-06]", async () => {
    await using own = await Rig.open(image);
    await own.witness();
    await own.witness();
    rmSync(own.cli.stateDir, { recursive: true });
    const ran = await Promise.all([1, 2, 3].map(() => own.cli.run(["doctor", "--fix"])));
    for (const { exitCode, stdout, stderr } of ran) expect(exitCode, stdout + stderr).toBe(0);
    await expectMended(own);
    expect((await own.world()).rows).toHaveLength(2);
  });
});

describe("a lease", () => {
  /** Changes the lease that a killed restart has left. */
  function changeLease(columns: Readonly<Record<string, string | number>>): void {
    const db = new DatabaseSync(path.join(rig.cli.stateDir, "ledger.db"));
    const set = Object.keys(columns).map((column) => `${column} = ?`);
    db.prepare(`UPDATE leases SET ${set.join(", ")}`).run(...Object.values(columns));
    db.close();
  }

  const { pid, startTicks, bootId } = createHost(systemClock).self();
  const alive = { pid, start_ticks: startTicks, boot_id: bootId };

  it.each([
    ["of a boot before this one", { ...alive, boot_id: "00000000-0000-0000-0000-000000000000" }],
    ["of a process whose number another one has now", { ...alive, start_ticks: "1" }],
    ["of a number that no process has", { ...alive, pid: 2 ** 22 }],
  ])("%s is nobody's [P-06]", async (_whose, columns) => {
    const prepared = await rig.prepare("restart");
    await kill(rig, prepared, "ledger.endStep#1:after");
    changeLease(columns);
    await rig.ok("start", prepared.name);
    await expectMended(rig);
    await rig.clear(prepared);
  });

  it("of a living process is never taken over [P-06]", async () => {
    const prepared = await rig.prepare("restart");
    await kill(rig, prepared, "ledger.endStep#1:after");
    changeLease(alive);
    for (const args of [["start"], ["stop"], ["restart"], ["destroy", "--yes"]]) {
      const [verb = "", ...flags] = args;
      const { exitCode, stderr } = await rig.cli.run([verb, prepared.name, ...flags]);
      expect({ exitCode, stderr }).toMatchObject({
        exitCode: 75,
        stderr: expect.stringContaining(`process ${pid}`) as unknown,
      });
    }
    await rig.cli.run(["doctor", "--fix"]);
    expect((await rig.world()).operations).toMatchObject([{ kind: "restart" }]);
    changeLease({ start_ticks: "1" });
    await expectMended(rig);
    await rig.clear(prepared);
  });
});

describe("a ledger that is deleted while a command runs", () => {
  it.each([
    ["create", "engine.createBox#1:before"],
    ["create", "ledger.endStep#2:after"],
    ["destroy", "engine.removeBox#1:before"],
    ["destroy", "engine.removeVolume#1:after"],
    ["restart", "engine.stopBox#1:after"],
    ["recreate", "engine.removeBox#1:after"],
  ] as const)("loses no box: %s at %s [X-06]", async (verb, at) => {
    await using own = await Rig.open(image);
    const witness = await own.witness();
    const prepared = await own.prepare(verb);
    const { name, home } = prepared;
    const { exitCode, stderr } = await own.child({ verb, name, home, at, act: "delete the ledger" });
    expect([...CONTRACT], stderr).toContain(exitCode);
    await expectMended(own);
    const world = await own.world();
    expect(world.rows.map((row) => row.home)).toContain(witness);
    expect(world.rows.some((row) => row.name === name)).toBe(verb !== "destroy");
    for (const each of [witness, ...(home === undefined || verb === "destroy" ? [] : [home])]) {
      expect(own.isWhole(world, each)).toBe(true);
    }
  });
});
