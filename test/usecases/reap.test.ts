import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import type { EngineImage } from "../../src/ports/engine.ts";
import { create } from "../../src/usecases/create.ts";
import { prepareImages } from "../../src/usecases/image-copies.ts";
import { pruneImages } from "../../src/usecases/image-prune.ts";
import { reap } from "../../src/usecases/reap/reap.ts";
import { restart } from "../../src/usecases/start.ts";
import { BoxNodes, unreachable } from "../fakes/box-nodes.ts";
import { createInput, World } from "../fakes/world.ts";

/** A host on which a create of alice's and a restart of bob's were killed, and a device has to go. */
async function untidy(): Promise<World> {
  const world = new World();
  await create(world.process("bob"), createInput("train"));
  for (const [pid, act] of [
    [2, (w: World) => create(w.process("alice", 2), createInput("api"))],
    [3, (w: World) => restart(w.process("bob", 3), { name: "train" })],
  ] as const) {
    world.engine.fault = (call) => {
      if (call !== "waitReady" && call !== "stopBox") return;
      world.kill(pid);
      throw new Error("killed");
    };
    await act(world).catch(() => undefined);
  }
  world.engine.fault = () => undefined;
  world.config = {
    ...DEFAULTS,
    tailnet: { ...DEFAULTS.tailnet, provider: "headscale", loginServer: "https://hs.example" },
  };
  new BoxNodes(world).keys.set("key", { tags: ["tag:devcontainer", "tag:bob-container"], works: true });
  world.secrets.keys.set("bob", "key");
  const identity = { nodeId: "n77", nodeKey: `nodekey:${"1".repeat(64)}` };
  const left = { boxId: "gone", boxName: "old", owner: "carol", control: world.tailnet.control, hostname: "old" };
  world.process().ledger.addLeaving(left, identity, world.now);
  return world;
}

describe("reap", () => {
  it("says exactly what it would do and why, and does nothing [X-07]", async () => {
    using world = await untidy();
    const calls = world.engine.calls.length;
    const { reapings } = await reap(world.process("dev", 9), { dryRun: true });
    expect(reapings.map(({ box, owner, action, outcome }) => [box, owner, action, outcome])).toEqual([
      ["api", "alice", "undo", undefined],
      ["train", "bob", "finish", undefined],
      ["old", "carol", "retry-cleanup", undefined],
    ]);
    expect(world.engine.calls.length).toBe(calls);
    expect(world.process().ledger.operations()).toHaveLength(2);
  });

  it("does it, and finds nothing to do the next time [X-06]", async () => {
    using world = await untidy();
    const { reapings } = await reap(world.process("dev", 9), { dryRun: false });
    expect(reapings.map(({ outcome }) => outcome)).toEqual(["done", "done", "done"]);
    expect(
      world
        .process()
        .ledger.boxes()
        .map(({ name }) => name),
    ).toEqual(["train"]);
    expect(await reap(world.process("dev", 9), { dryRun: false })).toMatchObject({ reapings: [], dryRun: false });
  });

  it("names what it could not do, and keeps it [X-06]", async () => {
    using world = await untidy();
    world.tailnet.fault = unreachable;
    world.engine.fault = (call) => {
      if (call === "removeBox") throw new DevboxError("ENGINE_FAILED", "podman rm failed.");
    };
    const { reapings } = await reap(world.process("dev", 9), { dryRun: false });
    expect(reapings.map(({ box, outcome, problem }) => [box, outcome, problem])).toEqual([
      ["api", "failed", "podman rm failed."],
      ["train", "done", undefined],
      ["old", "failed", "headscale does not answer."],
    ]);
    expect(world.process().ledger.operations()).toMatchObject([{ kind: "create" }]);
    expect(world.process().ledger.devices()).toMatchObject([
      { boxName: "old", state: "leaving" },
      { boxName: "train" },
    ]);
  });
});

const KEY = "abcdef012345".repeat(6).slice(0, 64);
const image = (id: string, names: string[], key?: string): EngineImage => {
  return { id: id.repeat(64), names, key, createdAt: 0, size: 5, contract: "1", parts: [] };
};

describe("image prune", () => {
  function prunable(images: readonly EngineImage[], used: readonly string[] = []): World & { removed: string[] } {
    const world = Object.assign(new World(), { removed: [] as string[] });
    world.engine.images = (() => Promise.resolve([...images])) as typeof world.engine.images;
    world.engine.usedImages = () => Promise.resolve(new Set(used));
    world.engine.removeImage = ((id: string) => {
      world.removed.push(id);
      return Promise.resolve();
    }) as typeof world.engine.removeImage;
    return world;
  }

  it("removes what has no name, or only that of its contents, and is in no use [X-06]", async () => {
    const [none, built, named, configured, inUse] = [
      image("1", []),
      image("2", [`localhost/devbox:${KEY.slice(0, 12)}`], KEY),
      image("3", [`localhost/devbox:${KEY.slice(0, 12)}`, "localhost/ours:1"], KEY),
      image("4", [DEFAULTS.image]),
      image("5", []),
    ];
    using world = prunable([none, built, named, configured, inUse], [inUse.id]);
    expect((await pruneImages(world.process(), { dryRun: true })).removed).toHaveLength(2);
    expect(world.removed).toEqual([]);
    await pruneImages(world.process(), { dryRun: false });
    expect(world.removed).toEqual([none.id, built.id]);
  });

  it("leaves what a box names although its container is gone, and what is taken meanwhile [P-07]", async () => {
    using world = prunable([image("1", [`localhost/devbox:${KEY.slice(0, 12)}`], KEY), image("2", []), image("3", [])]);
    await create(world.process(), { ...createInput("api"), image: `localhost/devbox:${KEY.slice(0, 12)}` });
    await create(world.process(), { ...createInput("web"), image: "222222222222" });
    world.engine.removeImage = () => Promise.reject(new DevboxError("IMAGE_IN_USE", "the image is in use."));
    expect((await pruneImages(world.process(), { dryRun: false })).removed).toEqual([]);
  });
});

describe("image prepare", () => {
  it("makes images ready for all configured users, also those without a box, and not for the account [A-02]", async () => {
    using world = new World();
    world.config = { ...DEFAULTS, host: { ...DEFAULTS.host, serviceUser: "devbox" }, users: { alice: {}, bob: {} } };
    const made: unknown[] = [];
    world.engine.prepareImage = ((name: string, { first }: { first: number }) => {
      made.push([name, first]);
      return Promise.resolve();
    }) as typeof world.engine.prepareImage;
    const caller = { user: "devbox", uid: 9, admin: true, via: "account" as const };
    const prepared = await prepareImages({ ...world.process("devbox"), caller }, { images: [] });
    expect(prepared).toEqual([{ image: DEFAULTS.image, ranges: 2 }]);
    expect(made).toEqual([
      [DEFAULTS.image, 1],
      [DEFAULTS.image, 65_537],
    ]);
    expect(world.process().ledger.mappingSlot("devbox")).toBeUndefined();
  });
});
