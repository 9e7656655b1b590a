import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reconcile } from "../../src/core/reconcile.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { doctor } from "../../src/usecases/doctor/doctor.ts";
import { handOver } from "../../src/usecases/hand-over.ts";
import { rebuild } from "../../src/usecases/rebuild.ts";
import { restart, start, stop } from "../../src/usecases/start.ts";
import { createInput, World } from "../fakes/world.ts";

/** Thrown in place of a SIGKILL: nothing of the use case's own clean-up may matter after it. */
class Killed extends Error {}

const VERBS = [
  "create",
  "start",
  "stop",
  "restart",
  "recreate",
  "rebuild",
  "destroy",
  "destroy --keep-volume",
  "hand-over",
] as const;
type Verb = (typeof VERBS)[number];

const ADMIN = { user: "alice", uid: 1000, admin: true, via: "sudo" } as const;

/** Whoever does not have the box. */
const to = (world: World) => (world.process("carol", 2).ledger.boxByName("api")?.owner === "alice" ? "bob" : "alice");

function act(world: World, verb: Verb, pid: number): Promise<unknown> {
  const own = world.process("alice", pid);
  // An administrator, because whose the box is changes.
  const deps: Deps = { ...own, caller: ADMIN };
  world.config = { ...world.config, users: { alice: {}, bob: {} } };
  const name = "api";
  switch (verb) {
    case "create":
      return create(deps, createInput(name));
    case "start":
      return start(deps, { name, recreate: false });
    case "recreate":
      return start(deps, { name, recreate: true });
    case "stop":
      return stop(deps, { name });
    case "restart":
      return restart(deps, { name });
    case "rebuild":
      return rebuild(deps, { name, image: undefined });
    case "hand-over":
      return handOver(deps, { box: name, to: to(world) });
    default:
      return destroy(deps, { name, keepVolume: verb !== "destroy" });
  }
}

/**
 * Runs a command in a process that is killed at its n-th engine call. From then on the dead process can do
 * nothing: its ledger is closed and the engine refuses it.
 */
async function killedAt(world: World, verb: Verb, pid: number, n: number, when: "before" | "after"): Promise<void> {
  let calls = 0;
  world.engine.fault = (_call, at) => {
    if (at === when) calls += 1;
    if (calls <= n) return;
    world.kill(pid);
    throw new Killed();
  };
  await act(world, verb, pid).catch(() => undefined);
  world.engine.fault = () => undefined;
  world.kill(pid);
}

/** Everything in ledger and engine has its counterpart, and no operation is open. */
async function expectSound(world: World): Promise<void> {
  const { ledger, engine } = world.process("alice", 999);
  expect(ledger.operations()).toEqual([]);
  const [containers, volumes] = await Promise.all([engine.boxes(), engine.volumes()]);
  const records = ledger.boxes();
  const mismatches = reconcile({ records, containers, volumes, underWay: new Set() });
  expect(mismatches.filter(({ kind }) => kind !== "not-running" && kind !== "not-stopped")).toEqual([]);
  expect(records.every((record) => record.phase === "ready")).toBe(true);
}

const kill = fc.record({
  verb: fc.constantFrom(...VERBS),
  at: fc.nat({ max: 6 }),
  when: fc.constantFrom("before" as const, "after" as const),
});

/** Some hundred real transactions a run: a busy machine takes its time. */
const RUNS = { numRuns: 150 };

describe("the journal", { timeout: 120_000 }, () => {
  it("leaves nothing after kills at any engine calls, in any order, once the doctor was there [X-06] [P-06]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(kill, { minLength: 1, maxLength: 5 }), fc.boolean(), async (kills, exists) => {
        using world = new World();
        if (exists) await act(world, "create", 1);
        let pid = 10;
        for (const { verb, at, when } of kills) {
          pid += 1;
          await killedAt(world, verb, pid, at, when);
        }
        const deps: Deps = { ...world.process("alice", 500), caller: ADMIN };
        const result = await doctor(
          { ...deps, openLedger: () => world.process("alice", 500).ledger, setAsideLedger: () => "unused" },
          { fix: true },
        );
        const open = result.findings.filter(({ status, check }) => status === "problem" && check !== "image");
        // A killed recreate may leave a box without a container: that is for its owner to decide.
        expect(open.filter(({ text }) => !text.includes("removed by other hands"))).toEqual([]);
        await expectSound(world);
      }),
      RUNS,
    );
  });

  it("never loses the home of a box that was not to be destroyed with it [FR-013]", async () => {
    const harmless = kill.filter(({ verb }) => verb !== "destroy");
    await fc.assert(
      fc.asyncProperty(fc.array(harmless, { minLength: 1, maxLength: 6 }), async (kills) => {
        using world = new World();
        await act(world, "create", 1);
        const home = world.process().ledger.boxByName("api")?.spec.home ?? "";
        let pid = 10;
        for (const { verb, at, when } of kills) {
          pid += 1;
          await killedAt(world, verb, pid, at, when);
          expect(world.engine.homes.has(home)).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it("lets the next ordinary command work, or say what to do [X-06]", async () => {
    await fc.assert(
      fc.asyncProperty(kill, fc.constantFrom(...VERBS), async ({ verb, at, when }, next) => {
        using world = new World();
        if (verb !== "create") await act(world, "create", 1);
        await killedAt(world, verb, 10, at, when);
        const outcome = await act(world, next, 20).catch((error: unknown) => error);
        if (outcome instanceof Error)
          expect(outcome).toMatchObject({ name: "DevboxError", next: expect.any(Array) as unknown });
        const left = world.process("alice", 30).ledger.operations();
        if (left.length === 0) return;
        // The one thing that cannot go on as asked: the home is half removed and was now to be kept.
        expect(outcome).toMatchObject({ code: "WRONG_STATE", next: ["Finish it: devbox-ctl destroy api"] });
        await act(world, "destroy", 40);
        await expectSound(world);
      }),
      RUNS,
    );
  });
});
