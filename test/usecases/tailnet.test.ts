import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { create } from "../../src/usecases/create.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { restart, start, stop } from "../../src/usecases/start.ts";
import { cleanUp, tailnetStatus } from "../../src/usecases/tailnet/overview.ts";
import { rotateAll, rotateKey } from "../../src/usecases/tailnet/rotate.ts";
import { BoxNodes, unreachable } from "../fakes/box-nodes.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";

const GOOD = "hskey-auth-good";
const ANY_RECORD = { user: undefined, box: undefined, since: undefined, limit: 9 };

/** A world whose boxes join a tailnet, with a key that works for alice. */
function tailnetWorld(): { world: World; nodes: BoxNodes } & Disposable {
  const world = new World();
  const tailnet = { ...DEFAULTS.tailnet, provider: "headscale" as const, loginServer: "https://headscale.example.com" };
  world.config = { ...DEFAULTS, tailnet };
  const nodes = new BoxNodes(world);
  nodes.keys.set(GOOD, { tags: ["tag:devcontainer", "tag:alice-container"], works: true });
  world.secrets.keys.set("alice", GOOD);
  return {
    world,
    nodes,
    [Symbol.dispose]: () => {
      world[Symbol.dispose]();
    },
  };
}

const devices = (world: World) => [...world.tailnet.known.values()].map(({ nodeId, name }) => `${name} ${nodeId}`);
const record = (world: World, name = "api") => world.process().ledger.boxByName(name)?.device;
const down = (world: World): void => {
  world.tailnet.fault = unreachable;
};
const up = (world: World): void => {
  world.tailnet.fault = () => undefined;
};

describe("joining the tailnet", () => {
  it("reads the owner's key once, before anything is made, and hands it over on standard input alone [FR-011] [FR-015]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    let madeAtRead = -1;
    world.secrets.fault = () => {
      madeAtRead = world.engine.containers.size + world.engine.homes.size;
    };
    await create(world.process(), createInput("api"));
    expect({ reads: world.secrets.reads, madeAtRead }).toEqual({ reads: ["alice"], madeAtRead: 0 });
    const logins = nodes.calls.filter(({ verb }) => verb === "login");
    expect(logins.map(({ input }) => input)).toEqual([`${GOOD}\n`]);
    expect(JSON.stringify(nodes.calls.map(({ argv }) => argv))).not.toContain(GOOD);
    expect(record(world)).toMatchObject({ identity: { nodeId: "n1" }, dnsName: "api.example.net" });
  });

  it("does nothing about a box that the control plane knows, and reads no key for it", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("api"));
    await stop(world.process(), { name: "api" });
    await start(world.process(), { name: "api", recreate: false });
    await restart(world.process(), { name: "api" });
    expect((await start(world.process(), { name: "api", recreate: false })).changed).toBe(false);
    expect(world.secrets.reads).toEqual(["alice"]);
    expect(devices(world)).toEqual(["api n1"]);
  });

  it("leaves a registered box alone when the control plane does not answer", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    await create(world.process(), createInput("api"));
    down(world);
    await restart(world.process(), { name: "api" });
    expect(nodes.calls.filter(({ verb }) => verb !== "status")).toHaveLength(1);
    expect(world.secrets.reads).toHaveLength(1);
  });

  it("logs a box in anew that was forgotten while it ran, or while it was stopped", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    await create(world.process(), createInput("api"));
    world.tailnet.known.clear();
    expect((await start(world.process(), { name: "api", recreate: false })).changed).toBe(true);
    expect(nodes.calls.map(({ verb }) => verb).filter((verb) => verb !== "status")).toEqual([
      "login",
      "forget",
      "login",
    ]);
    await stop(world.process(), { name: "api" });
    world.tailnet.known.clear();
    for (const node of nodes.nodes.values()) Object.assign(node, { state: "NeedsLogin", id: "", nodeKey: "" });
    await start(world.process(), { name: "api", recreate: false });
    expect(devices(world)).toEqual(["api n3"]);
    expect(world.process().ledger.devices()).toHaveLength(1);
  });

  it("undoes a create whose key is refused, or gives other tags, and leaves no device [FR-049] [FR-050] [SC-013]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    nodes.keys.set("expired", { tags: [], works: false });
    nodes.keys.set("few", { tags: ["tag:devcontainer"], works: true });
    nodes.keys.set("many", { tags: ["tag:devcontainer", "tag:alice-container", "tag:admin"], works: true });
    for (const [key, code] of [
      ["expired", "TAILNET_KEY_REFUSED"],
      ["few", "TAILNET_WRONG_TAGS"],
      ["many", "TAILNET_WRONG_TAGS"],
    ] as const) {
      world.secrets.keys.set("alice", key);
      expect(await codeOf(create(world.process(), createInput("api")))).toBe(code);
      expect({ boxes: world.engine.containers.size, homes: world.engine.homes.size }).toEqual({ boxes: 0, homes: 0 });
      expect(devices(world)).toEqual([]);
      expect(world.process().ledger.devices()).toEqual([]);
    }
  });

  it("uses the key and the tags of the box's owner, whoever starts it [FR-012]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    await create(world.process(), { ...createInput("api"), start: false });
    const admin = { ...world.process("root"), caller: { user: "root", uid: 0, admin: true, via: "sudo" as const } };
    await start(admin, { name: "api", recreate: false });
    expect(world.secrets.reads).toEqual(["alice"]);
    expect(nodes.calls.find(({ verb }) => verb === "login")?.argv).toContain("tag:alice-container,tag:devcontainer");
  });

  it("starts a box without its tailnet when keys cannot be had, says so, and joins later", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), { ...createInput("api"), start: false });
    world.secrets.keys.clear();
    expect(await codeOf(start(world.process(), { name: "api", recreate: false }))).toBe("TAILNET_NOT_JOINED");
    expect(world.process().ledger.boxByName("api")).toMatchObject({ desired: "running", phase: "ready" });
    world.secrets.keys.set("alice", GOOD);
    expect((await start(world.process(), { name: "api", recreate: false })).changed).toBe(true);
  });

  it("refuses a user whose name fits no tag before a key is read [FR-050]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    expect(await codeOf(create(world.process("al_ice"), createInput("api")))).toBe("TAILNET_WRONG_TAGS");
    expect(world.secrets.reads).toEqual([]);
  });

  it("does not keep a device that the control plane it is to be removed from has never seen [SC-005]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    // The login is at one tailnet, and the credential of another.
    world.tailnet.device = () => Promise.resolve(undefined);
    world.tailnet.devices = () => Promise.resolve([]);
    expect(await codeOf(create(world.process(), createInput("api")))).toBe("TAILNET_API_REFUSED");
    expect(world.engine.containers.size).toBe(0);
  });
});

describe("a name that is taken", () => {
  it("by a dead device of ours is taken back", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("api"));
    await stop(world.process(), { name: "api" });
    down(world);
    expect(await codeOf(destroy(world.process(), { name: "api", keepVolume: false }))).toBe("DEVICE_PENDING");
    up(world);
    await create(world.process(), createInput("api"));
    expect(devices(world)).toEqual(["api n2"]);
    expect(record(world)?.dnsName).toBe("api.example.net");
  });

  it("by somebody else's is left to them, and that is said", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    const foreign = { nodeId: "x9", nodeKey: `nodekey:${"f".repeat(64)}`, hostname: "api", name: "api" };
    const rest = { addresses: [], tags: [], online: false, createdAt: undefined };
    world.tailnet.known.set("x9", { ...foreign, ...rest });
    await create(world.process(), createInput("api"));
    expect(record(world)?.dnsName).toBe("api-1.example.net");
    expect(world.remarks.join()).toContain("is taken on the tailnet by a device that is not ours (x9)");
    await destroy(world.process(), { name: "api", keepVolume: false });
    expect(devices(world)).toEqual(["api x9"]);
  });
});

describe("leaving the tailnet", () => {
  it("is proven, also of what an earlier command could not prove [FR-028] [SC-005]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("api"));
    await create(world.process(), createInput("web"));
    await stop(world.process(), { name: "api" });
    down(world);
    expect(await codeOf(destroy(world.process(), { name: "api", keepVolume: false }))).toBe("DEVICE_PENDING");
    expect(world.process().ledger.boxByName("api")).toBeUndefined();
    expect(world.process().ledger.devices()).toMatchObject([{ boxName: "api", state: "leaving", attempts: 1 }, {}]);
    up(world);
    // Not due yet, so the next command leaves it; later it does not.
    await destroy(world.process(), { name: "web", keepVolume: false });
    expect(devices(world)).toEqual(["api n1"]);
    world.now += 61_000;
    await create(world.process(), createInput("new"));
    expect(devices(world)).toEqual(["new n3"]);
  });

  it("never removes a device of another key under the id that was recorded", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("api"));
    await stop(world.process(), { name: "api" });
    // The control plane was set up anew, and counts from the beginning.
    const [device] = world.tailnet.known.values();
    if (device === undefined) throw new Error("there is no device");
    const foreign = { ...device, nodeKey: `nodekey:${"e".repeat(64)}`, name: "theirs" };
    world.tailnet.known.set(device.nodeId, foreign);
    expect(await codeOf(destroy(world.process(), { name: "api", keepVolume: false }))).toBe("DEVICE_PENDING");
    expect(devices(world)).toEqual(["theirs n1"]);
    const { pending } = await cleanUp(world.process(), { forget: undefined });
    expect(pending[0]?.why).toContain("has another key than ours had");
    expect(await cleanUp(world.process(), { forget: "n1" })).toMatchObject({ pending: [] });
    expect(world.process().ledger.devices()).toEqual([]);
  });

  it("goes on with what its box can tell when a login was cut off before its device was recorded", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    const interrupted = world.process("alice", 7);
    // Killed when the box has logged in, before anything of it is written down.
    const ledger = interrupted.ledger;
    const dying = {
      ...interrupted,
      ledger: {
        ...ledger,
        recordDevice: () => {
          world.kill(7);
          throw new Error("killed");
        },
      },
    };
    await create(dying, createInput("api")).catch(() => undefined);
    expect(devices(world)).toEqual(["api n1"]);
    // The next command takes the create back, and its device with it.
    await create(world.process(), createInput("web"));
    expect(devices(world)).toEqual(["web n2"]);
    expect(world.process().ledger.devices()).toMatchObject([{ boxName: "web", state: "joined" }]);
  });

  it("is tried less and less often, and at once again when the clock went back", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("api"));
    await stop(world.process(), { name: "api" });
    down(world);
    await destroy(world.process(), { name: "api", keepVolume: false }).catch(() => undefined);
    const asked = async (after: number): Promise<boolean> => {
      world.now += after;
      const before = world.process().ledger.devices()[0]?.attempts ?? 0;
      await create(world.process(), createInput(`b${String(world.now)}`)).catch(() => undefined);
      return (world.process().ledger.devices()[0]?.attempts ?? 0) > before;
    };
    // Creates fail over the same control plane only after they have looked after what is left.
    up(world);
    world.tailnet.remove = unreachable;
    expect([await asked(30_000), await asked(31_000), await asked(61_000), await asked(60_000)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(await asked(-3_600_000)).toBe(true);
  });
});

describe("rotating a key", () => {
  it("tries the new key beside the box's node, then logs it in anew; id and name stay [FR-016]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    await create(world.process(), createInput("api"));
    nodes.keys.set("new", { tags: ["tag:devcontainer", "tag:alice-container"], works: true });
    world.secrets.keys.set("alice", "new");
    expect(await rotateKey(world.process(), { name: "api" })).toMatchObject({ outcome: "renewed" });
    expect(nodes.calls.map(({ verb }) => verb).filter((verb) => verb !== "status")).toEqual(["login", "try", "renew"]);
    expect(devices(world)).toEqual(["api n1"]);
    expect(world.process().ledger.devices()).toHaveLength(1);
    expect(world.secrets.reads).toEqual(["alice", "alice"]);
  });

  it("changes nothing when the new key is refused, gives other tags or cannot be read [FR-016]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    await create(world.process(), createInput("api"));
    const before = record(world);
    nodes.keys.set("few", { tags: ["tag:devcontainer"], works: true });
    for (const [key, code] of [
      ["expired", "TAILNET_KEY_REFUSED"],
      ["few", "TAILNET_WRONG_TAGS"],
      [undefined, "SECRETS_NO_ITEM"],
    ] as const) {
      if (key === undefined) world.secrets.keys.clear();
      else world.secrets.keys.set("alice", key);
      expect(await codeOf(rotateKey(world.process(), { name: "api" }))).toBe(code);
      expect(record(world)).toEqual(before);
      expect(devices(world)).toEqual(["api n1"]);
      expect(world.process().ledger.operations()).toEqual([]);
    }
  });

  it("of all boxes reads and tries each key once, and goes on when one box fails [FR-016]", async () => {
    using tried = tailnetWorld();
    const { world, nodes } = tried;
    for (const name of ["api", "web", "old"]) await create(world.process(), createInput(name));
    await stop(world.process(), { name: "old" });
    world.secrets.reads.length = 0;
    const failed = { exitCode: 7, stdout: "", stderr: "tailnet: no answer" };
    let renewals = 0;
    nodes.instead = (verb) => {
      if (verb !== "renew") return undefined;
      renewals += 1;
      return renewals === 1 ? failed : undefined;
    };
    const rotations = await rotateAll(world.process());
    expect(rotations.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["api", "failed"],
      ["old", "waits"],
      ["web", "renewed"],
    ]);
    // The history of each box has what became of it.
    const written = world.process().ledger.audit({ viewer: "alice", ...ANY_RECORD });
    expect(written.map(({ command, box, end }) => [command, box?.name, end?.exitCode])).toEqual([
      ["rotate-key", "api", 9],
      ["rotate-key", "old", 0],
      ["rotate-key", "web", 0],
    ]);
    expect(world.secrets.reads).toEqual(["alice"]);
    expect(nodes.calls.filter(({ verb }) => verb === "try")).toHaveLength(1);
    expect(devices(world).sort()).toEqual(["api n1", "old n3", "web n2"]);
  });

  it("of a box that is stopped is put off, and says so", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), { ...createInput("api"), start: false });
    expect(await codeOf(rotateKey(world.process(), { name: "api" }))).toBe("WRONG_STATE");
  });
});

describe("the tailnet's status", () => {
  it("shows one's own devices, and how the control plane has them [FR-026]", async () => {
    using tried = tailnetWorld();
    const { world } = tried;
    await create(world.process(), createInput("api"));
    world.tailnet.known.clear();
    expect((await tailnetStatus(world.process())).devices).toMatchObject([{ atControl: "forgotten" }]);
    expect((await tailnetStatus(world.process("bob"))).devices).toEqual([]);
    down(world);
    expect(await tailnetStatus(world.process())).toMatchObject({
      problem: { code: "TAILNET_UNREACHABLE" },
      devices: [{ atControl: "unknown" }],
    });
    world.config = DEFAULTS;
    expect(await codeOf(tailnetStatus(world.process()))).toBe("TAILNET_NOT_SET_UP");
  });
});
