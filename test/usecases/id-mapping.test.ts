import { describe, expect, it } from "vitest";
import { mappingAt } from "../../src/core/id-mapping.ts";
import { LABEL } from "../../src/core/labels.ts";
import { create } from "../../src/usecases/create.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

const idmapOf = async (made: ReturnType<typeof create>) => (await made).box.spec.idmap;

describe("the ids that a box has on the host", () => {
  it("are the same for all boxes of an owner, and others for every other owner [A-02]", async () => {
    using world = new World();
    const first = await idmapOf(create(world.process("alice"), createInput("api")));
    const second = await idmapOf(create(world.process("alice"), createInput("web")));
    const others = await idmapOf(create(world.process("bob"), createInput("train")));
    expect(first).toEqual(mappingAt(0, true));
    expect(second).toEqual(first);
    expect(others).toEqual(mappingAt(1, true));
  });

  it("stay the owner's when their last box is gone, because homes are kept [FR-013]", async () => {
    using world = new World();
    const process = world.process("alice");
    const before = await idmapOf(create(process, createInput("api")));
    const { keptVolume } = await destroy(process, { name: "api", keepVolume: true });
    expect(await idmapOf(create(world.process("bob"), createInput("train")))).not.toEqual(before);
    const again = { ...createInput("api"), volume: keptVolume ?? "" };
    expect(await idmapOf(create(process, again))).toEqual(before);
  });

  it("follow the home that a box is made on, also one from before there were any [FR-013]", async () => {
    using world = new World();
    const process = world.process("alice");
    await create(process, createInput("api"));
    const { keptVolume = "" } = await destroy(process, { name: "api", keepVolume: true });
    const { [LABEL.ids]: ids, ...old } = world.engine.homes.get(keptVolume) ?? {};
    expect(ids).toBe("1:65536");
    world.engine.homes.set(keptVolume, old);
    expect(await idmapOf(create(process, { ...createInput("api"), volume: keptVolume }))).toBeNull();
  });

  it("of others are not given away when the ledger was lost [X-06] [A-02]", async () => {
    using before = new World();
    await create(before.process("alice"), createInput("api"));
    await create(before.process("bob"), createInput("train"));
    await destroy(before.process("alice"), { name: "api", keepVolume: true });
    // Of alice there is only a kept home; bob has a box.
    using after = new World(before.engine);
    expect(await idmapOf(create(after.process("carol"), createInput("new")))).toEqual(mappingAt(2, true));
    expect(await idmapOf(create(after.process("bob"), createInput("more")))).toEqual(mappingAt(1, true));
  });

  it("that are used up are said to be, with what to do; nothing is left [X-08]", async () => {
    using world = new World();
    const process = world.process("alice");
    const poor = { ...process, host: { ...process.host, rootlessSetup: () => ({ ...setup, subids: 65_535 }) } };
    expect(await codeOf(create(poor, createInput("api")))).toBe("HOST_IDS");
    expect(world.engine.homes.size).toBe(0);
    expect(process.ledger.boxes()).toEqual([]);
  });
});

const setup = { subids: 0, runtimeDir: true, lingers: true };
