import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JoinedNode, NewDevice } from "../../src/core/device.ts";
import type { TailnetDevice } from "../../src/core/tailnet.ts";
import { HOUR } from "../../src/core/time.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { releaseLeft } from "../../src/usecases/tailnet/release.ts";
import { World } from "../fakes/world.ts";

// What may be removed, and when it is proven gone; on a real ledger and a control plane in memory.

let world: World;
let deps: Deps;

beforeEach(() => {
  world = new World();
  world.config = { ...world.config, tailnet: { ...world.config.tailnet, provider: "headscale" } };
  deps = world.process();
});
afterEach(() => {
  world[Symbol.dispose]();
});

const keyOf = (digit: string) => `nodekey:${digit.repeat(64)}`;
const login = (hostname = "demo"): NewDevice => ({
  ...{ boxId: "b1", boxName: "demo", owner: "alice" },
  ...{ control: world.tailnet.control, hostname },
});
const node = (nodeId: string, nodeKey: string): JoinedNode => ({
  ...{ identity: { nodeId, nodeKey }, dnsName: "demo.tailnet.internal", addresses: [], tags: [] },
});
const device = (nodeId: string, nodeKey: string, hostname = "demo"): TailnetDevice => ({
  ...{ nodeId, nodeKey, hostname, name: hostname, addresses: [], tags: [], online: true, createdAt: world.now },
});
const has = (...devices: TailnetDevice[]) => {
  for (const each of devices) world.tailnet.known.set(each.nodeId, each);
};
const left = () => releaseLeft(deps, { force: true });
const rows = () => deps.ledger.devices().map(({ state, identity, hostname }) => [state, identity?.nodeId, hostname]);

describe("a device that has to go", () => {
  it("is removed, and out of the ledger when it is proven gone [FR-028] [SC-005]", async () => {
    deps.ledger.recordDevice(login(), node("1", keyOf("a")), world.now);
    deps.ledger.leaveDevices("b1");
    has(device("1", keyOf("a")), device("2", keyOf("b")));
    expect(await left()).toEqual([]);
    expect([...world.tailnet.known.keys()]).toEqual(["2"]);
    expect(rows()).toEqual([]);
  });

  it("is proven gone also when the box has logged in with its key as another device", async () => {
    deps.ledger.recordDevice(login(), node("3", keyOf("a")), world.now);
    deps.ledger.recordDevice(login(), node("4", keyOf("a")), world.now);
    has(device("4", keyOf("a")));
    expect(await left()).toEqual([]);
    expect(rows()).toEqual([["joined", "4", "demo"]]);
    expect([...world.tailnet.known.keys()]).toEqual(["4"]);
  });

  it("is left alone, and told, when somebody has its key whom nobody has recorded", async () => {
    deps.ledger.recordDevice(login(), node("3", keyOf("a")), world.now);
    deps.ledger.leaveDevices("b1");
    has(device("9", keyOf("a")));
    expect((await left()).map(({ why }) => why)).toEqual(["its key is now that of the device 9, which is not removed"]);
    expect([...world.tailnet.known.keys()]).toEqual(["9"]);
  });
});

describe("a login that nobody saw the end of", () => {
  it("stays in the ledger until no device can have come of it [SC-005]", async () => {
    deps.ledger.beginJoin(login(), world.now);
    deps.ledger.leaveDevices("b1");
    has(device("5", keyOf("c")));
    expect((await left()).map(({ why }) => why)).toEqual([
      'a login of "demo" (its id was never recorded) was interrupted, and the device 5 may have come of it',
    ]);
    expect([...world.tailnet.known.keys()]).toEqual(["5"]);
    world.tailnet.known.clear();
    expect(await left()).toEqual([]);
    expect(rows()).toEqual([]);
  });

  it("is no reason to suspect a device of that name that is older", async () => {
    has(device("5", keyOf("c")));
    world.now += HOUR;
    deps.ledger.beginJoin(login(), world.now);
    deps.ledger.leaveDevices("b1");
    expect(await left()).toEqual([]);
  });

  it("has to be proven harmless when the box begins another one, however often", async () => {
    for (let i = 0; i < 3; i += 1) deps.ledger.beginJoin(login(), world.now + i);
    expect(rows()).toEqual([
      ["leaving", undefined, "demo"],
      ["joining", undefined, "demo"],
    ]);
    deps.ledger.recordDevice(login(), node("6", keyOf("d")), world.now);
    has(device("6", keyOf("d")));
    expect(await left()).toEqual([]);
    expect(rows()).toEqual([["joined", "6", "demo"]]);
  });

  it("and was the trial of a key has to go once its box is recorded anew", () => {
    deps.ledger.recordDevice(login(), node("1", keyOf("a")), world.now);
    deps.ledger.beginJoin(login("devbox-trial-1"), world.now);
    deps.ledger.recordDevice(login(), node("1", keyOf("a")), world.now);
    expect(rows()).toEqual([
      ["leaving", undefined, "devbox-trial-1"],
      ["joined", "1", "demo"],
    ]);
  });
});
