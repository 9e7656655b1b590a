import { describe, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { create } from "../../src/usecases/create.ts";
import { doctor } from "../../src/usecases/doctor/doctor.ts";
import { rebuild } from "../../src/usecases/rebuild.ts";
import { stop } from "../../src/usecases/start.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

const NEXT = "localhost/devbox:next";

async function worldWithBox(): Promise<World> {
  const world = new World();
  await create(world.process(), createInput("api"));
  return world;
}

const boxOf = (world: World) => world.process().ledger.boxByName("api");
const containers = (world: World) =>
  [...world.engine.containers.values()].map(({ name, image, state }) => ({ name, image, state }));

describe("rebuild", () => {
  it("makes a new container on the same volumes, with the same name and limits [X-13]", async () => {
    using world = await worldWithBox();
    const before = boxOf(world);
    const { box, previousImage } = await rebuild(world.process(), { name: "api", image: NEXT });
    expect(previousImage).toBe(before?.spec.image);
    expect(box.spec).toEqual({ ...before?.spec, image: NEXT });
    expect(box.containerId).not.toBe(before?.containerId);
    expect(containers(world)).toEqual([{ name: "devbox-api", image: NEXT, state: "running" }]);
    const [mounts] = [...world.engine.containers.values()].map((container) => container.mounts);
    expect(mounts).toEqual([before?.spec.home, before?.spec.private]);
  });

  it("leaves a box that was stopped stopped, when it is known to start [X-13]", async () => {
    using world = await worldWithBox();
    await stop(world.process(), { name: "api" });
    await rebuild(world.process(), { name: "api", image: NEXT });
    expect(boxOf(world)).toMatchObject({ desired: "stopped", spec: { image: NEXT } });
    expect(containers(world)).toEqual([{ name: "devbox-api", image: NEXT, state: "exited" }]);
    expect(world.engine.calls).toContain("waitReady");
  });

  it("goes back to the old container when the new one does not become ready [X-13]", async () => {
    for (const desired of ["running", "stopped"] as const) {
      using world = await worldWithBox();
      if (desired === "stopped") await stop(world.process(), { name: "api" });
      const before = boxOf(world);
      world.engine.problems = ["home: /home/dev is not writable by dev"];
      expect(await codeOf(rebuild(world.process(), { name: "api", image: NEXT }))).toBe("NOT_READY");
      expect(boxOf(world)).toMatchObject({ containerId: before?.containerId, spec: before?.spec, desired });
      const state = desired === "running" ? "running" : "exited";
      expect(containers(world)).toEqual([{ name: "devbox-api", image: before?.spec.image, state }]);
      expect(world.process().ledger.operations()).toEqual([]);
    }
  });

  it("keeps the new one when only a service does not answer, and says so [X-13]", async () => {
    using world = await worldWithBox();
    world.engine.problems = ["service code-server: down (last exit code 1)"];
    expect(await codeOf(rebuild(world.process(), { name: "api", image: NEXT }))).toBe("SERVICE_NOT_READY");
    expect(containers(world)).toEqual([{ name: "devbox-api", image: NEXT, state: "running" }]);
  });

  it("stops nothing for an image that is not there", async () => {
    using world = await worldWithBox();
    world.engine.imageExists = () => Promise.resolve(false);
    const calls = world.engine.calls.length;
    expect(await codeOf(rebuild(world.process(), { name: "api", image: NEXT }))).toBe("IMAGE_NOT_FOUND");
    expect(await codeOf(rebuild(world.process(), { name: "api", image: "oci-archive:/x" }))).toBe("INVALID_SPEC");
    expect(world.engine.calls.slice(calls)).toEqual(["inspect", "inspect"]);
  });

  it("that is killed is undone until the new container is proven, and finished from then on [X-06] [X-13]", async () => {
    const outcomes = new Map<string, string | undefined>();
    for (const failing of ["stopBox", "renameBox", "createBox", "waitReady", "removeContainer"]) {
      for (const when of ["before", "after"] as const) {
        using world = await worldWithBox();
        let dead = false;
        world.engine.fault = (call, at) => {
          dead ||= call === failing && at === when;
          if (!dead) return;
          world.kill(7);
          throw new DevboxError("ENGINE_FAILED", "killed.");
        };
        await rebuild(world.process("alice", 7), { name: "api", image: NEXT }).catch(() => undefined);
        world.engine.fault = () => undefined;
        const deps = world.process("alice", 8);
        await doctor({ ...deps, openLedger: () => deps.ledger, setAsideLedger: () => "" }, { fix: true });
        expect(containers(world)).toHaveLength(1);
        const [left] = containers(world);
        expect(left).toMatchObject({ name: "devbox-api", state: "running", image: boxOf(world)?.spec.image });
        outcomes.set(`${failing} ${when}`, left?.image);
      }
    }
    const old = "localhost/devbox:latest";
    expect(Object.fromEntries(outcomes)).toEqual({
      ...{ "stopBox before": old, "stopBox after": old, "renameBox before": old, "renameBox after": old },
      ...{ "createBox before": old, "createBox after": old, "waitReady before": old, "waitReady after": old },
      ...{ "removeContainer before": NEXT, "removeContainer after": NEXT },
    });
  });

  it("that is interrupted when the old container is gone goes on to its end [X-13]", async () => {
    using world = await worldWithBox();
    const controller = new AbortController();
    world.engine.fault = (call, when) => {
      if (call === "removeContainer" && when === "after") controller.abort("INT");
    };
    const { box } = await rebuild(world.process("alice", 1, controller.signal), { name: "api", image: NEXT });
    expect(box.spec.image).toBe(NEXT);
    expect(containers(world)).toEqual([{ name: "devbox-api", image: NEXT, state: "running" }]);
    expect(world.process().ledger.operations()).toEqual([]);
  });

  it("whose old container somebody removed meanwhile keeps the new one [X-13]", async () => {
    using world = await worldWithBox();
    const old = boxOf(world)?.containerId ?? "";
    world.engine.problems = ["home: /home/dev is not writable by dev"];
    const { waitReady } = world.engine;
    world.engine.waitReady = (...args) => {
      world.engine.containers.delete(old);
      return waitReady(...args);
    };
    expect(await codeOf(rebuild(world.process(), { name: "api", image: NEXT }))).toBe("NOT_READY");
    expect(containers(world)).toEqual([{ name: "devbox-api", image: NEXT, state: "running" }]);
    expect(boxOf(world)).toMatchObject({ spec: { image: NEXT }, desired: "running" });
  });
});
