import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { GIB } from "../../src/core/size.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { isBack, resume } from "../../src/usecases/resume.ts";
import { stop } from "../../src/usecases/start.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

/** A host with boxes of alice and bob, of which `web` is stopped; then it goes down. */
async function rebooted(): Promise<World> {
  const world = new World();
  world.config = { ...DEFAULTS, host: { ...DEFAULTS.host, serviceUser: "devbox" }, users: { alice: {}, bob: {} } };
  for (const [user, name] of [
    ["alice", "api"],
    ["alice", "web"],
    ["bob", "train"],
  ] as const) {
    world.now += 60_000;
    await create(world.process(user), createInput(name));
  }
  await stop(world.process("alice"), { name: "web" });
  for (const container of world.engine.containers.values()) container.state = "exited";
  world.engine.calls.length = 0;
  return world;
}

const unit = (world: World, pid = 5): Deps => ({
  ...world.process("devbox", pid),
  caller: { user: "devbox", uid: 999, admin: true, via: "account" },
});

const states = (world: World): Record<string, string> =>
  Object.fromEntries(
    [...world.engine.containers.values()].map(({ labels, state }) => [labels["devbox-ctl.box"] ?? "", state] as const),
  );

describe("resume", () => {
  it("brings back what ran, last used first, and leaves stopped what was stopped [FR-027]", async () => {
    using world = await rebooted();
    const results = await resume(unit(world), { dryRun: false });
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(["train started", "api started"]);
    expect(states(world)).toEqual({ api: "running", web: "exited", train: "running" });
    expect(await resume(unit(world), { dryRun: false })).toMatchObject([
      { outcome: "running" },
      { outcome: "running" },
    ]);
  });

  it("is in the history of each box that it started, for its owner to see [X-09]", async () => {
    using world = await rebooted();
    await resume(unit(world), { dryRun: false });
    const any = { user: undefined, box: undefined, since: undefined, limit: 9 };
    const seen = world.process("alice").ledger.audit({ viewer: "alice", ...any });
    expect(seen).toMatchObject([
      { user: "devbox", command: "start", what: "resume", box: { name: "api" }, end: { exitCode: 0 } },
    ]);
  });

  it("is no use of a box [FR-027]", async () => {
    using world = await rebooted();
    const before = world.process("bob").ledger.boxByName("train");
    world.now += 3_600_000;
    await resume(unit(world), { dryRun: false });
    const after = world.process("bob").ledger.boxByName("train");
    expect([after?.lastUsedAt, after?.lastUsedBy]).toEqual([before?.lastUsedAt, before?.lastUsedBy]);
  });

  it("says what it would do, and does nothing [FR-027]", async () => {
    using world = await rebooted();
    const results = await resume(unit(world), { dryRun: true });
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(["train to-start", "api to-start"]);
    expect(world.engine.calls).toEqual(["boxes"]);
  });

  it("goes on with the others when one fails, and names it [FR-027]", async () => {
    using world = await rebooted();
    const train = world.process("bob").ledger.boxByName("train")?.containerId;
    const startBox = world.engine.startBox.bind(world.engine);
    world.engine.startBox = (id) =>
      id === train ? Promise.reject(new DevboxError("ENGINE_FAILED", "podman start failed.")) : startBox(id);
    const results = await resume(unit(world), { dryRun: false });
    expect(results.filter((each) => !isBack(each))).toMatchObject([
      { name: "train", outcome: "failed", error: { code: "ENGINE_FAILED" } },
    ]);
    expect(states(world).api).toBe("running");
    world.engine.startBox = startBox;
    await resume(unit(world), { dryRun: false });
    expect(states(world)).toEqual({ api: "running", web: "exited", train: "running" });
  });

  it("gives the memory that there is to who worked last [FR-027]", async () => {
    using world = await rebooted();
    const { memory, reserve } = DEFAULTS.limits;
    world.memory = reserve.memory + memory + GIB;
    const startBox = world.engine.startBox.bind(world.engine);
    world.engine.startBox = async (id) => {
      await startBox(id);
      world.memory -= memory;
    };
    const results = await resume(unit(world), { dryRun: false });
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`).sort()).toEqual(["api failed", "train started"]);
  });

  it("does not start again what its user stops meanwhile [FR-027]", async () => {
    using world = await rebooted();
    const deps = unit(world);
    const takeLease: typeof deps.ledger.takeLease = (boxId, request) => {
      deps.ledger.update(deps.ledger.boxByName("train")?.id ?? "", { desired: "stopped" });
      deps.ledger.takeLease(boxId, request);
    };
    const results = await resume({ ...deps, ledger: { ...deps.ledger, takeLease } }, { dryRun: false });
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`).sort()).toEqual(["api started", "train busy"]);
    expect(states(world)).toEqual({ api: "running", web: "exited", train: "exited" });
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 8])("goes on where it was killed, at engine call %i [FR-027] [X-06]", async (n) => {
    using world = await rebooted();
    let calls = 0;
    world.engine.fault = () => {
      calls += 1;
      if (calls <= n) return;
      world.kill(5);
      throw new Error("killed");
    };
    await resume(unit(world, 5), { dryRun: false }).catch(() => undefined);
    world.kill(5);
    world.engine.fault = () => undefined;
    const results = await resume(unit(world, 6), { dryRun: false });
    expect(results.every((each) => isBack(each))).toBe(true);
    expect(states(world)).toEqual({ api: "running", web: "exited", train: "running" });
    expect(unit(world, 7).ledger.operations()).toEqual([]);
  });

  it("is for administrators and the host's own units [FR-026]", async () => {
    using world = await rebooted();
    const alice: Deps = { ...world.process("alice"), caller: { user: "alice", uid: 1, admin: false, via: "sudo" } };
    expect(await codeOf(resume(alice, { dryRun: false }))).toBe("NOT_PERMITTED");
    expect(await resume(world.process("alice"), { dryRun: true })).toHaveLength(2);
  });
});
