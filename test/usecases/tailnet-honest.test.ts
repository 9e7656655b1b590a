import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { create } from "../../src/usecases/create.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { start, stop } from "../../src/usecases/start.ts";
import { cleanUp } from "../../src/usecases/tailnet/overview.ts";
import { BoxNodes, unreachable } from "../fakes/box-nodes.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

// A box that lies, a control plane that is another one than before, or away.

function tailnetWorld(): { world: World; nodes: BoxNodes } & Disposable {
  const world = new World();
  const tailnet = { ...DEFAULTS.tailnet, provider: "headscale" as const, loginServer: "https://headscale.example.com" };
  world.config = { ...DEFAULTS, tailnet };
  const nodes = new BoxNodes(world);
  nodes.keys.set("good", { tags: ["tag:devcontainer", "tag:alice-container"], works: true });
  world.secrets.keys.set("alice", "good");
  return {
    world,
    nodes,
    [Symbol.dispose]: () => {
      world[Symbol.dispose]();
    },
  };
}

const foreign = {
  nodeId: "x9",
  nodeKey: `nodekey:${"f".repeat(64)}`,
  ...{ hostname: "laptop", name: "laptop", addresses: [], tags: [], online: true, createdAt: undefined },
};

describe("a box that says that it is somebody else's device", () => {
  const claim = { state: "Running", id: foreign.nodeId, nodeKey: foreign.nodeKey, hostname: "api", online: true };
  const tags = ["tag:devcontainer", "tag:alice-container"];
  const said = JSON.stringify({ ...claim, dnsName: "api.example.net", addresses: [], tags });

  it("is not created, and the other device stays [FR-028]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    world.tailnet.known.set("x9", foreign);
    nodes.instead = (verb) => (verb === "login" ? { exitCode: 0, stdout: said, stderr: "" } : undefined);
    expect(await codeOf(create(world.process(), createInput("api")))).toBe("TAILNET_API_REFUSED");
    expect([...world.tailnet.known.keys()]).toEqual(["x9"]);
    expect(world.process().ledger.devices()).toEqual([]);
  });

  it("has nothing but its own device removed when it says so at its destroy [FR-028]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    world.tailnet.known.set("x9", foreign);
    await create(world.process(), createInput("api"));
    nodes.instead = (verb) => (verb === "status" ? { exitCode: 0, stdout: said, stderr: "" } : undefined);
    await destroy(world.process(), { name: "api", keepVolume: false });
    expect([...world.tailnet.known.keys()]).toEqual(["x9"]);
  });
});

describe("another control plane than before", () => {
  it("proves nothing about a device that was recorded at the old one [SC-005]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("old"));
    world.tailnet.control = "headscale http://another";
    world.tailnet.known.clear();
    expect(await codeOf(destroy(world.process(), { name: "old", keepVolume: false }))).toBe("DEVICE_PENDING");
    const [device] = world.process().ledger.devices();
    expect(device).toMatchObject({ control: "headscale http://fake", identity: { nodeId: "n1" } });
    const { pending } = await cleanUp(world.process(), { forget: undefined });
    expect(pending[0]?.next.join()).toContain("--forget");
  });

  it("that counts its devices from the beginning costs no other box its entry", () => {
    using tried = tailnetWorld();
    const { world } = tried;
    const { ledger } = world.process();
    const device = (name: string) => ({ boxId: name, boxName: name, owner: "alice", control: "c", hostname: name });
    const node = (digit: string) => ({
      identity: { nodeId: "1", nodeKey: `nodekey:${digit.repeat(64)}` },
      ...{ dnsName: "", addresses: [], tags: [] },
    });
    ledger.recordDevice(device("one"), node("a"), 1);
    ledger.recordDevice(device("two"), node("b"), 2);
    expect(ledger.devices().map(({ boxName, state }) => [boxName, state])).toEqual([
      ["one", "joined"],
      ["two", "joined"],
    ]);
  });
});

describe("a ledger that was lost", () => {
  it("costs no device its removal, also of a box that is stopped [FR-028] [SC-005]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("api"));
    await stop(world.process(), { name: "api" });
    using later = new World(world.engine);
    Object.assign(later, { config: world.config, tailnet: world.tailnet, secrets: world.secrets });
    await create(later.process(), createInput("web"));
    await destroy(later.process(), { name: "api", keepVolume: false });
    expect([...world.tailnet.known.values()].map(({ name }) => name)).toEqual(["web"]);
    expect(later.process().ledger.devices()).toMatchObject([{ boxName: "web", state: "joined" }]);
  });
});

describe("a control plane that is away", () => {
  it("does not keep a box that it knows from starting, and makes no new entry", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    await create(world.process(), createInput("api"));
    await stop(world.process(), { name: "api" });
    world.tailnet.fault = unreachable;
    const undecided = JSON.stringify({ state: "NoState", id: "", nodeKey: "", hostname: "", dnsName: "" });
    nodes.instead = (verb) => (verb === "status" ? { exitCode: 0, stdout: undecided, stderr: "" } : undefined);
    expect((await start(world.process(), { name: "api", recreate: false })).changed).toBe(true);
    expect(world.remarks.join()).toContain("connects by itself");
    expect(nodes.calls.filter(({ verb }) => verb === "login")).toHaveLength(1);
    expect(world.process().ledger.devices()).toMatchObject([{ state: "joined", identity: { nodeId: "n1" } }]);
  });

  it("leaves no entry of a login that never got through to it", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    const stderr = 'tailnet: no answer: fetch control key: Get "http://x/key": dial tcp: connection refused';
    nodes.instead = (verb) => (verb === "login" ? { exitCode: 7, stdout: "", stderr } : undefined);
    const refused = create(world.process(), createInput("api"));
    await expect(refused).rejects.toMatchObject({ code: "TAILNET_UNREACHABLE" });
    await refused.catch((error: unknown) => {
      expect((error as DevboxError).next.join()).toContain("devbox-ctl create api");
      expect((error as DevboxError).next.join()).not.toContain("logs");
    });
    expect(world.process().ledger.devices()).toEqual([]);
  });

  it("or refuses its credential is remarked when a box joins, and tells whom to ask when it leaves", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    const refuses = (): never => {
      throw new DevboxError("TAILNET_API_REFUSED", "headscale refused the credential.", {
        next: ["Put a new key there"],
      });
    };
    world.tailnet.fault = refuses;
    await create(world.process(), createInput("api"));
    expect(world.remarks.join()).toContain("headscale refused the credential");
    const destroyed = destroy(world.process(), { name: "api", keepVolume: false });
    await expect(destroyed).rejects.toMatchObject({ code: "DEVICE_PENDING" });
    await destroyed.catch((error: unknown) => {
      expect((error as DevboxError).next[0]).toBe("Put a new key there");
    });
  });
});
