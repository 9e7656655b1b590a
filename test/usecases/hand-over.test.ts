import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { mappingAt } from "../../src/core/id-mapping.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { handOver } from "../../src/usecases/hand-over.ts";
import { list } from "../../src/usecases/list.ts";
import { start, stop } from "../../src/usecases/start.ts";
import { listVolumes, removeVolume } from "../../src/usecases/volumes.ts";
import { BoxNodes, unreachable } from "../fakes/box-nodes.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

/** A host with alice, bob and the administrator carol. */
function teamWorld(engine?: World["engine"]): World {
  const world = new World(engine);
  const host = { ...DEFAULTS.host, serviceUser: "devbox" };
  world.config = { ...DEFAULTS, host, users: { alice: {}, bob: { limits: { boxes: 1 } } } };
  return world;
}

const person = (world: World, user: string, pid = 1): Deps => ({
  ...world.process(user, pid),
  caller: { user, uid: 1000, admin: user === "carol", via: "sudo" },
});

const labelsOf = (world: World) =>
  [...world.engine.containers.values()].map(({ labels }) => labels["devbox-ctl.owner"]);

describe("a box that is handed over", () => {
  it("is the new owner's in every way, and no more the old one's [FR-026]", async () => {
    using world = teamWorld();
    const { box } = await create(person(world, "alice"), createInput("api"));
    const result = await handOver(person(world, "carol"), { box: "api", to: "bob" });
    expect(result).toMatchObject({
      from: "alice",
      changed: true,
      box: { owner: "bob", id: box.id, desired: "running" },
    });
    expect(labelsOf(world)).toEqual(["bob"]);
    expect(await codeOf(stop(person(world, "alice"), { name: "api" }))).toBe("BOX_NOT_FOUND");
    expect((await list(person(world, "alice"), { usage: false })).boxes).toEqual([]);
    expect((await list(person(world, "bob"), { usage: false })).boxes).toMatchObject([{ name: "api", owner: "bob" }]);
    expect(await listVolumes(person(world, "alice"))).toEqual([]);
    expect(await listVolumes(person(world, "bob"))).toMatchObject([{ name: box.spec.home, owner: "bob", box: "api" }]);
  });

  it("keeps its home the new owner's when it is destroyed, and can be made again on it [FR-013]", async () => {
    using world = teamWorld();
    await create(person(world, "alice"), createInput("api"));
    await handOver(person(world, "carol"), { box: "api", to: "bob" });
    const { keptVolume = "" } = await destroy(person(world, "bob"), { name: "api", keepVolume: true });
    expect(await codeOf(removeVolume(person(world, "alice"), { name: keptVolume }))).toBe("VOLUME_NOT_FOUND");
    const again = await create(person(world, "bob"), { ...createInput("api"), volume: keptVolume });
    // Its files have the ids of the range that they were made with.
    expect(again.box.spec.idmap).toEqual(mappingAt(0, true));
    await destroy(person(world, "bob"), { name: "api", keepVolume: false });
    expect(person(world, "bob").ledger.volumeOwners().size).toBe(0);
  });

  it("asks the new owner's limits, in their words [FR-032] [X-08]", async () => {
    using world = teamWorld();
    await create(person(world, "alice"), createInput("api"));
    await create(person(world, "bob"), createInput("train"));
    const refused = await handOver(person(world, "carol"), { box: "api", to: "bob" }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "LIMIT_PER_USER",
      message: expect.stringMatching(/^bob has 1 box/) as unknown,
    });
    expect(person(world, "alice").ledger.boxByName("api")).toMatchObject({ owner: "alice", desired: "running" });
  });

  it("keeps the old owner's slot as long as it can be undone [FR-032] [X-08]", async () => {
    using world = teamWorld();
    world.config = { ...world.config, users: { alice: { limits: { boxes: 1 } }, bob: { limits: { boxes: 1 } } } };
    await create(person(world, "alice"), createInput("api"));
    world.engine.fault = (call) => {
      if (call !== "waitReady") return;
      world.kill(2);
      throw new Error("killed");
    };
    await handOver(person(world, "carol", 2), { box: "api", to: "bob" }).catch(() => undefined);
    world.engine.fault = () => undefined;
    const { ledger, host, clock } = person(world, "alice", 3);
    const spec = ledger.boxByName("api")?.spec;
    if (spec === undefined) throw new Error("no box");
    const box = {
      id: "other",
      name: "other",
      desired: "running" as const,
      spec: { ...spec, home: "h", private: "p" },
      createdAt: 0,
    };
    for (const owner of ["alice", "bob"]) {
      const caller = { user: owner, uid: 1, admin: false, via: "sudo" as const };
      const lease = { holder: host.self(), command: "create", caller, now: clock.now() };
      const operation = { id: "o", kind: "create" as const, input: {}, now: clock.now() };
      const slot = { free: () => ({ memory: Number.MAX_SAFE_INTEGER, disk: undefined }) };
      expect(() => {
        ledger.reserve({ ...box, owner }, operation, lease, slot);
      }).toThrow(/the most that a user may have/);
    }
    // The next command undoes it.
    await stop(person(world, "alice", 4), { name: "api" }).catch(() => undefined);
    await create(person(world, "bob", 5), createInput("train"));
    expect(ledger.boxByName("api")?.owner).toBe("alice");
    expect(labelsOf(world)).toEqual(["alice", "bob"]);
  });

  it("is what it was when the new container does not become ready [X-13]", async () => {
    using world = teamWorld();
    await create(person(world, "alice"), createInput("api"));
    world.engine.problems = ["no shell"];
    expect(await codeOf(handOver(person(world, "carol"), { box: "api", to: "bob" }))).toBe("NOT_READY");
    expect(person(world, "alice").ledger.boxByName("api")).toMatchObject({ owner: "alice", desired: "running" });
    expect(labelsOf(world)).toEqual(["alice"]);
  });

  it("stays stopped when it was [FR-025]", async () => {
    using world = teamWorld();
    await create(person(world, "alice"), createInput("api"));
    await stop(person(world, "alice"), { name: "api" });
    await handOver(person(world, "carol"), { box: "api", to: "bob" });
    expect([...world.engine.containers.values()].map(({ state }) => state)).toEqual(["exited"]);
  });

  it("is for administrators, to users that there are, and done once [FR-026]", async () => {
    using world = teamWorld();
    await create(person(world, "alice"), createInput("api"));
    expect(await codeOf(handOver(person(world, "alice"), { box: "api", to: "bob" }))).toBe("NOT_PERMITTED");
    expect(await codeOf(handOver(person(world, "bob"), { box: "nowhere", to: "bob" }))).toBe("NOT_PERMITTED");
    expect(await codeOf(handOver(person(world, "carol"), { box: "api", to: "constructor" }))).toBe("USAGE");
    expect(await handOver(person(world, "carol"), { box: "api", to: "alice" })).toMatchObject({ changed: false });
  });

  it("is still the new owner's when the ledger is lost, and so is its home [X-06]", async () => {
    using before = teamWorld();
    const { box } = await create(person(before, "alice"), createInput("api"));
    await handOver(person(before, "carol"), { box: "api", to: "bob" });
    using after = teamWorld(before.engine);
    await create(person(after, "alice"), createInput("web"));
    expect(person(after, "bob").ledger.boxByName("api")?.owner).toBe("bob");
    expect(await listVolumes(person(after, "bob"))).toMatchObject([{ name: box.spec.home, owner: "bob" }]);
    // The range of ids is the old owner's all the same.
    expect(person(after, "alice").ledger.mappingSlot("alice")).toBe(0);
    expect(person(after, "alice").ledger.mappingSlot("bob")).toBeUndefined();
  });
});

describe("the tailnet device of a box that is handed over", () => {
  function tailnetWorld() {
    const world = teamWorld();
    const loginServer = "https://headscale.example.com";
    world.config = { ...world.config, tailnet: { ...DEFAULTS.tailnet, provider: "headscale", loginServer } };
    const nodes = new BoxNodes(world);
    for (const user of ["alice", "bob"]) {
      nodes.keys.set(`key-${user}`, { tags: ["tag:devcontainer", `tag:${user}-container`], works: true });
      world.secrets.keys.set(user, `key-${user}`);
    }
    return {
      world,
      nodes,
      [Symbol.dispose]: () => {
        world[Symbol.dispose]();
      },
    };
  }

  it("leaves with the old owner's tags, and another joins with the new one's [SC-013] [FR-028]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(person(world, "alice"), createInput("api"));
    await handOver(person(world, "carol"), { box: "api", to: "bob" });
    expect([...world.tailnet.known.values()]).toMatchObject([
      { nodeId: "n2", name: "api", tags: ["tag:bob-container", "tag:devcontainer"] },
    ]);
    expect(person(world, "bob").ledger.devices()).toMatchObject([{ owner: "bob", state: "joined" }]);
    expect(world.secrets.reads).not.toContain("carol");
  });

  it("is not kept by a control plane that is silent meanwhile [SC-013]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    await create(person(world, "alice"), createInput("api"));
    world.tailnet.fault = unreachable;
    nodes.instead = (verb) =>
      verb === "login" ? { exitCode: 7, stdout: "", stderr: "all connection attempts failed" } : undefined;
    expect(await codeOf(handOver(person(world, "carol"), { box: "api", to: "bob" }))).toBe("TAILNET_NOT_JOINED");
    expect([...nodes.nodes.values()]).toMatchObject([{ state: "NeedsLogin" }]);
    world.tailnet.fault = () => undefined;
    nodes.instead = () => undefined;
    await start(person(world, "bob"), { name: "api", recreate: false });
    expect([...world.tailnet.known.values()].map(({ tags }) => tags)).toEqual([
      ["tag:bob-container", "tag:devcontainer"],
    ]);
  });

  it("stays when the new owner's key cannot be had, and nothing is changed [FR-014]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(person(world, "alice"), createInput("api"));
    world.secrets.keys.delete("bob");
    const calls = world.engine.calls.length;
    expect(await codeOf(handOver(person(world, "carol"), { box: "api", to: "bob" }))).toBe("SECRETS_NO_ITEM");
    expect(world.engine.calls.slice(calls)).toEqual(["inspect"]);
    expect(world.tailnet.known.get("n1")?.tags).toContain("tag:alice-container");
  });

  it("takes the new owner's tags also when it was stopped, at its next start [SC-013]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(person(world, "alice"), createInput("api"));
    await stop(person(world, "alice"), { name: "api" });
    await handOver(person(world, "carol"), { box: "api", to: "bob" });
    expect(world.tailnet.known.size).toBe(0);
    await start(person(world, "bob"), { name: "api", recreate: false });
    expect([...world.tailnet.known.values()].map(({ tags }) => tags)).toEqual([
      ["tag:bob-container", "tag:devcontainer"],
    ]);
  });
});
