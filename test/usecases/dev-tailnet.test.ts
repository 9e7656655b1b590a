import { beforeEach, describe, expect, it } from "vitest";
import type { BoxRecord } from "../../src/core/box.ts";
import type { DeviceRecord } from "../../src/core/device.ts";
import { DAY } from "../../src/core/time.ts";
import type { DevNode } from "../../src/ports/dev-tailnet.ts";
import type { DevTailnetDeps } from "../../src/usecases/dev-tailnet/deps.ts";
import { devicesAtStake, devTailnetDown } from "../../src/usecases/dev-tailnet/down.ts";
import { devTailnetSsh } from "../../src/usecases/dev-tailnet/ssh.ts";
import { devTailnetStatus } from "../../src/usecases/dev-tailnet/status.ts";
import { devTailnetUp, type DevUpInput } from "../../src/usecases/dev-tailnet/up.ts";
import { FakeDevTailnet } from "../fakes/dev-tailnet.ts";

let tailnet: FakeDevTailnet;
let remarks: string[];
let deps: DevTailnetDeps;

beforeEach(() => {
  tailnet = new FakeDevTailnet();
  remarks = [];
  deps = {
    tailnet,
    clock: { now: () => tailnet.now, monotonic: () => 0, sleep: () => Promise.resolve() },
    caller: { user: "alice", uid: 1000, admin: false, via: "local" as const },
    progress: {
      begin: () => undefined,
      done: () => undefined,
      failed: () => undefined,
      remark: (text) => void remarks.push(text),
    },
    interrupt: new AbortController().signal,
  };
});

const INPUT: DevUpInput = {
  users: [],
  address: undefined,
  port: undefined,
  document: undefined,
  format: (document) => JSON.stringify(document),
};
const up = (input: Partial<DevUpInput> = {}) => devTailnetUp(deps, { ...INPUT, ...input });

const device = (name: string, tags: string[] = []): DevNode => ({
  id: "1",
  name,
  user: tags.length > 0 ? undefined : "alice",
  tags,
  addresses: ["100.64.0.9"],
  online: true,
});

describe("tailnet dev up", () => {
  it("begins with the caller, on the primary address, and writes what boxes need", async () => {
    const { url, users, started } = await up({ users: ["bob", "alice"], document: { image: "x" } });
    expect(url).toBe("http://10.0.0.7:20001");
    expect(started).toBe(true);
    expect(users.map(({ name }) => name)).toEqual(["alice", "bob"]);
    const document: unknown = JSON.parse((tailnet.config ?? "").replace(/^#.*\n/, ""));
    expect(document).toMatchObject({ image: "x", tailnet: { loginServer: url }, secrets: { provider: "file" } });
  });

  it("makes keys with exactly the tags of a user's boxes [FR-046, FR-049, FR-050]", async () => {
    await up({ users: ["bob"] });
    const tags = tailnet.known.map((key) => key.tags);
    expect(tags).toEqual([
      ["tag:alice-container", "tag:devcontainer"],
      ["tag:bob-container", "tag:devcontainer"],
    ]);
    expect(tailnet.files.get("bob")?.reveal()).toBe(tailnet.known[1]?.key);
  });

  it("changes nothing when all is well, and lets in who is new", async () => {
    const first = await up();
    const key = tailnet.files.get("alice");
    expect(await up()).toEqual({ ...first, started: false });
    expect(tailnet.files.get("alice")).toBe(key);
    expect(tailnet.did).toEqual(["stop", "start 10.0.0.7:20001", "api key"]);
    const { users } = await up({ users: ["bob"] });
    expect(users.map(({ name }) => name)).toEqual(["alice", "bob"]);
    expect(tailnet.did.at(-1)).toBe("reload");
  });

  it("makes keys anew that are about to expire, or that headscale does not know", async () => {
    await up();
    const first = tailnet.files.get("alice")?.reveal();
    tailnet.now += 80 * DAY;
    const { users } = await up();
    const second = tailnet.files.get("alice")?.reveal();
    expect(second).not.toBe(first);
    expect(users[0]?.keyExpiresAt).toBe(tailnet.now + 90 * DAY);
    expect(tailnet.did.filter((did) => did === "api key")).toHaveLength(2);
    tailnet.known.length = 0;
    await up();
    expect(tailnet.files.get("alice")?.reveal()).not.toBe(second);
  });

  it("makes the API key anew when it was revoked", async () => {
    await up();
    tailnet.apiKey!.revoked = true;
    await up();
    expect(tailnet.did.filter((did) => did === "api key")).toHaveLength(2);
  });

  it("starts one that died where it was, and says so", async () => {
    const { url } = await up();
    tailnet.process = "died";
    expect(await up()).toMatchObject({ url, started: true });
    expect(remarks).toEqual([expect.stringContaining("had ended without being told to")]);
  });

  it("takes another port when its own is taken, and says who is out of touch", async () => {
    await up();
    await devTailnetDown(deps, {});
    tailnet.taken.add(20_001);
    tailnet.devices = [device("demo", ["tag:devcontainer"])];
    const { url } = await up();
    expect(url).not.toContain(":20001");
    expect(remarks[0]).toContain("demo joined at http://10.0.0.7:20001");
    expect(remarks[0]).toContain("--address 10.0.0.7 --port 20001");
  });

  it("takes no other port than the one that was asked for", async () => {
    tailnet.taken.add(5000);
    await expect(up({ port: 5000 })).rejects.toMatchObject({ code: "PORT_TAKEN" });
  });

  it("moves to another address when its own is gone or another is asked for", async () => {
    await up();
    expect((await up({ address: "10.0.0.8" })).url).toBe("http://10.0.0.8:20001");
    tailnet.here = ["10.0.0.7"];
    tailnet.process = "off";
    expect((await up()).url).toBe("http://10.0.0.7:20001");
    await expect(up({ address: "127.0.0.1" })).rejects.toMatchObject({ code: "USAGE" });
    tailnet.here = ["192.0.2.2"];
    tailnet.kept = undefined;
    expect((await up({ address: "192.0.2.2" })).url).toContain("192.0.2.2");
    expect(remarks.at(-1)).toContain("192.0.2.2 is not private");
    tailnet.kept = undefined;
    await expect(up()).rejects.toMatchObject({ code: "TAILNET_FAILED" });
  });

  it("refuses a name that cannot be part of a tag before anything is done", async () => {
    const refusal = { code: "INVALID_NAME", exitCode: 2, next: [expect.stringContaining("--user bob")] };
    for (const user of ["Bob!", "Bob"]) await expect(up({ users: [user] })).rejects.toMatchObject(refusal);
    deps = { ...deps, caller: { ...deps.caller, user: "bob.smith" } };
    await expect(up()).rejects.toMatchObject({ code: "TAILNET_WRONG_TAGS" });
    expect(tailnet.did).toEqual([]);
  });
});

describe("tailnet dev down", () => {
  it("ends it and keeps what it has, unless that is to go", async () => {
    await up();
    expect(await devTailnetDown(deps, {})).toMatchObject({ stopped: true, purged: false });
    expect(tailnet.kept).toBeDefined();
    const purge = { remembered: undefined };
    expect(await devTailnetDown(deps, { purge })).toMatchObject({ stopped: false, purged: true, boxes: [] });
    expect(tailnet.did.slice(-2)).toEqual(["stop", "purge"]);
  });

  describe("with boxes there", () => {
    const recorded = (id: number, boxId: string, control: string) => ({ id, boxId, control }) as DeviceRecord;
    const named = (id: string, name: string) => ({ id, name }) as BoxRecord;
    const purge = async (document?: unknown) => {
      const dropped: number[] = [];
      const ledger = {
        boxes: () => [named("a", "demo"), named("b", "other")],
        devices: () => [recorded(1, "a", "headscale http://this"), recorded(2, "b", "headscale http://other")],
        dropDevice: (id: number) => void dropped.push(id),
      };
      const apart = document === undefined ? undefined : { document, format: INPUT.format };
      const remembered = { ledger, control: "headscale http://this", apart };
      return { ...(await devTailnetDown(deps, { purge: { remembered } })), dropped };
    };

    it("makes the ledger forget the devices of what it purges, and no others, and names their boxes", async () => {
      expect(await purge()).toMatchObject({ dropped: [1], boxes: ["demo"], boxesConfig: undefined });
      expect(tailnet.leftConfig).toBeUndefined();
    });

    it("keeps a configuration without a tailnet for boxes that only its own one finds", async () => {
      const off = { provider: "none" };
      const document = {
        engine: { namespace: "x-dev" },
        secrets: { provider: "file" },
        tailnet: { provider: "headscale" },
      };
      expect(await purge(document)).toMatchObject({
        boxes: ["demo", "other"],
        boxesConfig: "/s/tailnet-dev-boxes/devbox.yaml",
      });
      expect(JSON.parse((tailnet.leftConfig ?? "").replace(/^#.*\n/, ""))).toEqual({
        ...document,
        secrets: off,
        tailnet: off,
      });
      expect(tailnet.did.slice(-2)).toEqual(["left config", "purge"]);
    });
  });

  it("knows which boxes a purge would leave behind, as long as it can ask", async () => {
    expect(await devicesAtStake(deps)).toEqual([]);
    await up();
    tailnet.devices = [device("demo", ["tag:devcontainer"]), device("laptop")];
    expect(await devicesAtStake(deps)).toEqual(["demo"]);
    tailnet.apiKey!.revoked = true;
    expect(await devicesAtStake(deps)).toBeUndefined();
    tailnet.process = "off";
    expect(await devicesAtStake(deps)).toBeUndefined();
  });
});

describe("tailnet dev status", () => {
  it("says what there is", async () => {
    const status = () => devTailnetStatus(deps, { configFile: tailnet.places.config });
    expect(await status()).toMatchObject({ state: "none", url: undefined, inForce: true });
    await up();
    expect(await status()).toMatchObject({ state: "running", nodes: [], problem: undefined });
    tailnet.apiKey!.revoked = true;
    expect(await status()).toMatchObject({ nodes: undefined, problem: "no such key." });
    tailnet.process = "died";
    expect(await status()).toMatchObject({ state: "died", nodes: undefined, users: [{ name: "alice" }] });
  });
});

describe("tailnet dev ssh", () => {
  const ssh = (user?: string) => devTailnetSsh(deps, { name: "demo", user, command: ["id", "-un"] });

  it("goes to a device by its address, with a key of the user's for this once", async () => {
    await up({ users: ["bob"] });
    tailnet.devices = [device("demo", ["tag:devcontainer"])];
    expect(await ssh("bob")).toBe(7);
    const key = tailnet.known.at(-1);
    expect(key).toMatchObject({ user: "2", tags: [] });
    expect(tailnet.did.slice(-2)).toEqual([`bob joins http://10.0.0.7:20001 by ${key!.key}`, "ssh 100.64.0.9 id -un"]);
  });

  it("says what is missing", async () => {
    await expect(ssh()).rejects.toMatchObject({ code: "WRONG_STATE" });
    await up();
    await expect(ssh()).rejects.toMatchObject({ code: "BOX_NOT_FOUND" });
    await expect(ssh("eve")).rejects.toMatchObject({ code: "USAGE" });
  });
});
