import { describe, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { GIB } from "../../src/core/size.ts";
import { create } from "../../src/usecases/create.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { stop } from "../../src/usecases/start.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

describe("create", () => {
  it("makes container, home and private volume, and keeps the slot [FR-025]", async () => {
    using world = new World();
    const result = await create(world.process(), createInput("api"));
    expect(result.box).toMatchObject({ name: "api", owner: "alice", phase: "ready", desired: "running" });
    expect(result.slots).toEqual({ used: 1, allowed: 5, onHost: 1, global: 7 });
    expect([...world.engine.containers.values()].map((c) => [c.name, c.state])).toEqual([["devbox-api", "running"]]);
    expect(world.engine.homes.size).toBe(2);
    expect(world.process().ledger.operations()).toEqual([]);
  });

  it("gives 2 cores and 4 GiB unless asked otherwise [FR-029]", async () => {
    using world = new World();
    const plain = await create(world.process(), createInput("api"));
    expect(plain.box.spec).toMatchObject({ cpus: 2, memory: 4 * GIB });
    const asked = await create(world.process(), { ...createInput("big"), cpus: "0.5", memory: "1GiB" });
    expect(asked.box.spec).toMatchObject({ cpus: 0.5, memory: GIB });
  });

  it("takes what is no name of an image for a mistake before anything is begun", async () => {
    using world = new World();
    for (const image of ["dir:/x", "docker://alpine", "-x", ""]) {
      expect(await codeOf(create(world.process(), { ...createInput("api"), image }))).toBe("INVALID_SPEC");
    }
    expect(world.engine.calls).toEqual([]);
    expect(world.process().ledger.boxes()).toEqual([]);
  });

  it("gives all cores of a host that has fewer than the default [FR-029]", async () => {
    using world = new World();
    world.cores = 1;
    expect((await create(world.process(), createInput("api"))).box.spec.cpus).toBe(1);
  });

  it("tells who owns a box already which one, and how to go on [FR-025]", async () => {
    using world = new World();
    await create(world.process(), createInput("api"));
    world.now += 3 * 60_000;
    const error = await create(world.process(), { ...createInput("web"), additional: false }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "NEEDS_CONFIRMATION", exitCode: 5 });
    expect((error as DevboxError).message).toBe("you have a box already: api (used 3 min ago).");
    expect((error as DevboxError).next).toContain("Create another one: devbox-ctl create web --additional");
    expect(world.process().ledger.boxes()).toHaveLength(1);
  });

  it("refuses the sixth box of a user and the eighth of the host, stopped ones counted [FR-032] [FR-033] [P-06]", async () => {
    using world = new World();
    for (const name of ["one", "two", "three", "four", "five"]) await create(world.process(), createInput(name));
    await stop(world.process(), { name: "one" });
    expect(await codeOf(create(world.process(), createInput("six")))).toBe("LIMIT_PER_USER");
    await create(world.process("bob"), createInput("bob-one"));
    await create(world.process("bob"), createInput("bob-two"));
    expect(await codeOf(create(world.process("carol"), createInput("carol-one")))).toBe("LIMIT_GLOBAL");
    expect(world.process().ledger.boxes()).toHaveLength(7);
    expect(world.engine.containers.size).toBe(7);
  });

  it("counts only running boxes when told so, and then start takes the slot [FR-032]", async () => {
    using world = new World();
    world.config = { ...world.config, limits: { ...world.config.limits, counts: "running", perUser: 1 } };
    await create(world.process(), { ...createInput("one"), start: false });
    await create(world.process(), createInput("two"));
    expect(await codeOf(create(world.process(), createInput("three")))).toBe("LIMIT_PER_USER");
    const { start } = await import("../../src/usecases/start.ts");
    expect(await codeOf(start(world.process(), { name: "one", recreate: false }))).toBe("LIMIT_PER_USER");
    await stop(world.process(), { name: "two" });
    expect((await start(world.process(), { name: "one", recreate: false })).changed).toBe(true);
  });

  it("leaves the host its memory and its disk [X-08]", async () => {
    using world = new World();
    world.memory = 5 * GIB;
    expect(await codeOf(create(world.process(), createInput("api")))).toBe("HOST_MEMORY");
    world.memory = 6 * GIB;
    await create(world.process(), createInput("api"));
    world.disk = 9 * GIB;
    expect(await codeOf(create(world.process(), createInput("web")))).toBe("HOST_DISK");
    expect(await codeOf(create(world.process(), { ...createInput("web"), start: false }))).toBe("HOST_DISK");
  });

  it("counts the memory promised to boxes that are starting at this moment [X-08]", async () => {
    using world = new World();
    world.memory = 7 * GIB;
    const { waitReady } = world.engine;
    let second: unknown;
    world.engine.waitReady = async (...args) => {
      second ??= await codeOf(create(world.process("bob", 2), createInput("web")));
      return waitReady(...args);
    };
    await create(world.process("alice", 1), createInput("api"));
    expect(second).toBe("HOST_MEMORY");
  });

  it("takes everything back when the engine refuses, whichever call it is [FR-025]", async () => {
    for (const failing of ["createVolume", "createBox", "waitReady"]) {
      for (const when of ["before", "after"] as const) {
        using world = new World();
        world.engine.fault = (call, at) => {
          if (call === failing && at === when) throw new DevboxError("ENGINE_FAILED", "podman failed.");
        };
        expect(await codeOf(create(world.process(), createInput("api")))).toBe("ENGINE_FAILED");
        expect(world.engine.containers.size).toBe(0);
        expect(world.engine.homes.size).toBe(0);
        expect(world.process().ledger.boxes()).toEqual([]);
      }
    }
  });

  it("forgets nothing when taking back fails, and the next command takes it back [P-06] [E-05]", async () => {
    using world = new World();
    world.engine.fault = (call) => {
      if (call === "waitReady" || call === "removeVolume") throw new DevboxError("ENGINE_FAILED", "podman failed.");
    };
    expect(await codeOf(create(world.process(), createInput("api")))).toBe("PARTIAL");
    expect(world.process().ledger.operations()).toHaveLength(1);
    world.engine.fault = () => undefined;
    await create(world.process(), createInput("web"));
    expect(
      world
        .process()
        .ledger.boxes()
        .map((box) => box.name),
    ).toEqual(["web"]);
    expect(world.engine.homes.size).toBe(2);
  });

  it("never removes a home that it was given [FR-013]", async () => {
    using world = new World();
    const { box } = await create(world.process(), createInput("api"));
    await destroy(world.process(), { name: "api", keepVolume: true });
    world.engine.fault = (call) => {
      if (call === "waitReady") throw new DevboxError("ENGINE_FAILED", "podman failed.");
    };
    const again = { ...createInput("api"), volume: box.spec.home };
    expect(await codeOf(create(world.process(), again))).toBe("ENGINE_FAILED");
    expect([...world.engine.homes.keys()]).toEqual([box.spec.home]);
    world.engine.fault = () => undefined;
    expect((await create(world.process(), again)).box.spec.home).toBe(box.spec.home);
    expect(await codeOf(create(world.process(), { ...createInput("web"), volume: box.spec.home }))).toBe(
      "VOLUME_IN_USE",
    );
    expect(await codeOf(create(world.process("bob"), { ...createInput("web"), volume: box.spec.home }))).toBe(
      "VOLUME_NOT_FOUND",
    );
  });

  it("stops between two steps on Ctrl-C and takes back what it began [FR-025]", async () => {
    using world = new World();
    const controller = new AbortController();
    world.engine.fault = (call, when) => {
      if (call === "createBox" && when === "after") controller.abort("INT");
    };
    expect(await codeOf(create(world.process("alice", 1, controller.signal), createInput("api")))).toBe("INTERRUPTED");
    expect(world.engine.containers.size + world.engine.homes.size).toBe(0);
    expect(world.process().ledger.boxes()).toEqual([]);
  });

  it("takes boxes into a new ledger before it counts, so that a lost one lifts no limit [P-06] [X-06]", async () => {
    using world = new World();
    for (const name of ["one", "two", "three", "four", "five"]) await create(world.process(), createInput(name));
    using lost = new World(world.engine);
    expect(await codeOf(create(lost.process(), createInput("six")))).toBe("LIMIT_PER_USER");
    expect(lost.process().ledger.boxes()).toHaveLength(5);
    expect(lost.remarks).toContain("one was not in the ledger; it is now, from its container's labels");
  });

  it("says that a name is taken without saying by whom [FR-026] [FR-031]", async () => {
    using world = new World();
    await create(world.process("bob"), createInput("api"));
    const error = (await create(world.process("alice"), createInput("api")).catch((e: unknown) => e)) as DevboxError;
    expect(error.code).toBe("NAME_TAKEN");
    expect(`${error.message} ${String(error.why)} ${error.next.join(" ")}`).not.toMatch(/bob/);
    expect(error.next).toEqual(["Try another name, for example: devbox-ctl create api-alice"]);
  });

  it("says so when limits are not enforced [FR-029] [X-08]", async () => {
    using world = new World();
    world.engine.engineFacts = { ...world.engine.engineFacts, cgroupVersion: "v1" };
    const result = await create(world.process(), createInput("api"));
    expect(result.unenforced).toEqual(["cpus", "memory", "pids"]);
    expect(world.remarks.join()).toMatch(/CPU, memory, process limits are not enforced on this host/);
  });
});
