import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { tailnetImage } from "../support/image.ts";
import { podman, removeTestObjects } from "../support/podman.ts";
import { me, testTailnet, type TestTailnet } from "../support/tailnet.ts";

// Boxes of the program on a real tailnet: in, again, anew, and out for certain.

const TAGS = [`tag:${me}-container`, "tag:devcontainer"].sort();

interface BoxJson {
  readonly box: { readonly containerId: string; readonly tailnet: DeviceJson | null };
  readonly changed?: boolean;
}
interface DeviceJson {
  readonly nodeId: string;
  readonly dnsName: string;
  readonly addresses: string[];
  readonly tags: string[];
}

let tailnet: TestTailnet;
let cli: TestCli;
let config: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  tailnet = await testTailnet();
  const limits = { perUser: 50, global: 50, memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  config = { image: await tailnetImage(), limits, ...tailnet.config };
  cli = await testCli({ config });
});

afterAll(async () => {
  await removeTestObjects();
  await cli.remove();
  await tailnet.remove();
});

const nodes = async () => (await tailnet.headscale.nodes()).map(({ id }) => id);
const create = async (name: string, ...more: string[]) =>
  (await cli.json(["create", name, "--additional", ...more])) as BoxJson;
const status = async (name: string) =>
  (await cli.json(["status", name])) as BoxJson & { readonly tailnet: string | null };
const device = ({ box }: BoxJson): DeviceJson => {
  if (box.tailnet === null) throw new Error("the box has no device");
  return box.tailnet;
};
const error = ({ stdout }: { readonly stdout: string }) =>
  (JSON.parse(stdout) as { error: { code: string; message: string; cause: string; suggestions: string[] } }).error;

describe("a box on the tailnet", () => {
  const name = testName("life");

  it("joins with its owner's key: name, tags and ids as the control plane has them [FR-011] [FR-012] [FR-049] [FR-050] [SC-013]", async () => {
    const made = device(await create(name));
    const [node] = await tailnet.headscale.nodes();
    expect(node).toMatchObject({ id: made.nodeId, givenName: name, online: true, preAuthKey: { ephemeral: true } });
    expect([...(node?.tags ?? [])].sort()).toEqual(TAGS);
    expect(made.tags).toEqual(TAGS);
    expect(made.addresses).toEqual(node?.ipAddresses);
    expect(made.dnsName).toMatch(new RegExp(`^${name}\\.`));
    expect((await status(name)).tailnet).toBe("joined");
  });

  it("stays the same device over stop, start, restart and rebuild, and no key is read for it [FR-013]", async () => {
    const before = device(await status(name));
    const key = await tailnet.newKey(me);
    // Whoever reads the key now fails over it.
    await tailnet.setKey(me, "not-a-key");
    await cli.json(["stop", name]);
    expect(device((await cli.json(["start", name])) as BoxJson)).toEqual(before);
    expect(device((await cli.json(["restart", name])) as BoxJson)).toEqual(before);
    expect(device((await cli.json(["rebuild", name])) as BoxJson)).toEqual(before);
    await tailnet.setKey(me, key);
    expect(await nodes()).toEqual([before.nodeId]);
  });

  it("that the control plane has forgotten while it ran logs in anew by start, and doctor says so", async () => {
    const before = device(await status(name));
    await tailnet.headscale.deleteNode(before.nodeId);
    const found = await cli.run(["doctor"]);
    expect(found.stdout).toContain(`${name} was forgotten by the control plane`);
    const again = (await cli.json(["start", name])) as BoxJson;
    expect(again.changed).toBe(true);
    expect(device(again).nodeId).not.toBe(before.nodeId);
    expect(device(again).dnsName).toBe(before.dnsName);
    expect(await nodes()).toEqual([device(again).nodeId]);
    expect(((await cli.json(["start", name])) as BoxJson).changed).toBe(false);
  });

  it("that was forgotten while it was stopped logs in anew, and so does one that doctor --fix finds", async () => {
    await cli.json(["stop", name]);
    await tailnet.headscale.deleteNode(device(await status(name)).nodeId);
    const again = device((await cli.json(["start", name])) as BoxJson);
    expect(await nodes()).toEqual([again.nodeId]);
    await tailnet.headscale.deleteNode(again.nodeId);
    expect((await cli.run(["doctor", "--fix"])).stdout).toContain(`${name} is on the tailnet again`);
    expect(await nodes()).toEqual([device(await status(name)).nodeId]);
  });

  it("takes a new key and keeps its name, address and id; a bad key changes nothing [FR-016]", async () => {
    const before = device(await status(name));
    const key = await tailnet.newKey(me);
    expect(await cli.json(["rotate-key", name])).toEqual({ boxes: [{ name, outcome: "renewed" }] });
    expect(device(await status(name))).toMatchObject({ dnsName: before.dnsName, addresses: before.addresses });
    expect(await nodes()).toEqual([device(await status(name)).nodeId]);

    const expired = await tailnet.headscale.authKey({ tags: TAGS, expiration: -1000 });
    const other = await tailnet.headscale.authKey({ tags: ["tag:devcontainer"] });
    const now = await status(name);
    for (const [bad, code] of [
      [expired.key, "TAILNET_KEY_REFUSED"],
      [other.key, "TAILNET_WRONG_TAGS"],
    ] as const) {
      await tailnet.setKey(me, bad);
      const refused = await cli.run(["rotate-key", name, "--json"]);
      expect(error(refused)).toMatchObject({ code });
      expect(error(refused).message).toContain(`${name} keeps its login as it was`);
      expect(refused.exitCode).toBe(9);
      expect(device(await status(name))).toEqual(device(now));
      expect((await status(name)).tailnet).toBe("joined");
      expect(await nodes()).toEqual([device(now).nodeId]);
    }
    await tailnet.setKey(me, key);
  });

  it("leaves with its destroy, running or stopped [FR-028] [SC-005]", async () => {
    const second = testName("life");
    await create(second);
    await cli.json(["stop", second]);
    for (const each of [name, second]) await cli.json(["destroy", each, "--yes"]);
    expect(await nodes()).toEqual([]);
    expect(await cli.json(["tailnet", "status"])).toMatchObject({ reachable: true, devices: [] });
  });
});

describe("a box that cannot join", () => {
  const nothingLeft = async (name: string) => {
    expect((await podman(["container", "exists", name])).exitCode).toBe(1);
    expect(((await cli.json(["list"])) as { boxes: { name: string }[] }).boxes.map((box) => box.name)).not.toContain(
      name,
    );
    expect(await nodes()).toEqual([]);
  };

  it("is not created with a key that has expired, was used up, or gives other tags [FR-049] [FR-050] [SC-013]", async () => {
    const good = await tailnet.newKey(me);
    const expired = await tailnet.headscale.authKey({ tags: TAGS, expiration: -1000 });
    const untagged = await tailnet.headscale.authKey({ user: me });
    const few = await tailnet.headscale.authKey({ tags: ["tag:devcontainer"] });
    for (const [key, code, says] of [
      [expired.key, "TAILNET_KEY_REFUSED", "expired"],
      [few.key, "TAILNET_WRONG_TAGS", `It lacks tag:${me}-container.`],
      [untagged.key, "TAILNET_WRONG_TAGS", "It lacks"],
    ] as const) {
      const name = testName("no");
      await tailnet.setKey(me, key);
      const refused = await cli.run(["create", name, "--additional", "--json"]);
      expect(error(refused)).toMatchObject({ code, cause: expect.stringContaining(says) as string });
      expect(refused.exitCode).toBe(9);
      await nothingLeft(name);
    }
    await tailnet.setKey(me, good);
  });

  it("is not created without a key, and nothing is made before it is read [FR-046]", async () => {
    const name = testName("no");
    await tailnet.setKey(me, "");
    const refused = await cli.run(["create", name, "--additional", "--json"]);
    expect(error(refused)).toMatchObject({ code: "SECRETS_EMPTY" });
    expect(refused.exitCode).toBe(8);
    await nothingLeft(name);
    await tailnet.newKey(me);
  });

  it("starts all the same when the keys cannot be read, says so, and joins with the next start", async () => {
    const name = testName("late");
    await create(name, "--no-start");
    await tailnet.setKey(me, "");
    const started = await cli.run(["start", name, "--json"]);
    expect(error(started)).toMatchObject({ code: "TAILNET_NOT_JOINED" });
    expect(started.exitCode).toBe(11);
    expect(await status(name)).toMatchObject({ state: "running", tailnet: "out" });
    expect((await cli.run(["exec", name, "--", "true"])).exitCode).toBe(0);
    await tailnet.newKey(me);
    expect(device((await cli.json(["start", name])) as BoxJson).tags).toEqual(TAGS);
    await cli.json(["destroy", name, "--yes"]);
    expect(await nodes()).toEqual([]);
  });

  it("says what its image lacks when that has no Tailscale", async () => {
    const { testImage } = await import("../support/image.ts");
    const refused = await cli.run(["create", testName("no"), "--additional", "--image", await testImage(), "--json"]);
    expect(error(refused)).toMatchObject({ code: "TAILNET_DAEMON" });
    expect(error(refused).suggestions.join()).toContain("devbox-ctl image build");
  });
});

describe("a name that is taken on the tailnet", () => {
  it("by a dead device of ours is taken back; by somebody else's it is not, and that is explained", async () => {
    const name = testName("name");
    await create(name);
    // The control plane is away when it is destroyed, so its device holds the name.
    await tailnet.headscale.stop();
    const destroyed = await cli.run(["destroy", name, "--yes", "--json"]);
    expect(error(destroyed)).toMatchObject({ code: "DEVICE_PENDING" });
    expect(destroyed.exitCode).toBe(11);
    await tailnet.headscale.start();
    expect(await nodes()).toHaveLength(1);
    const made = device(await create(name));
    expect(made.dnsName).toMatch(new RegExp(`^${name}\\.`));
    expect(await nodes()).toEqual([made.nodeId]);
    await cli.json(["destroy", name, "--yes"]);

    const { startClient } = await import("../support/tailnet-client.ts");
    const taken = testName("taken");
    await using client = await startClient(tailnet.headscale, { user: me, hostname: taken });
    const said = await cli.run(["create", taken, "--additional"]);
    expect(said).toMatchObject({ exitCode: 0 });
    expect(said.stderr).toContain(`the name ${taken} is taken on the tailnet by a device that is not ours`);
    const box = await status(taken);
    expect(device(box).dnsName).not.toMatch(new RegExp(`^${taken}\\.`));
    // With the other one gone, a restart takes the name.
    await client.stop();
    for (const node of await tailnet.headscale.nodes()) {
      if (node.id !== device(box).nodeId) await tailnet.headscale.deleteNode(node.id);
    }
    expect(device((await cli.json(["restart", taken])) as BoxJson).dnsName).toMatch(new RegExp(`^${taken}\\.`));
    await cli.json(["destroy", taken, "--yes"]);
    expect(await nodes()).toEqual([]);
  });
});

describe("devices are gone for certain", () => {
  it("are kept in the ledger while the control plane is down, and taken up by the next command [FR-028] [SC-005]", async () => {
    const [one, two] = [testName("gone"), testName("gone")];
    for (const name of [one, two]) await create(name);
    await cli.json(["stop", two]);
    await tailnet.headscale.stop();
    for (const name of [one, two]) {
      const destroyed = await cli.run(["destroy", name, "--yes"]);
      expect(destroyed.exitCode).toBe(11);
      expect(destroyed.stderr).toContain(`${name} is destroyed, but its tailnet device`);
    }
    expect((await cli.run(["tailnet", "cleanup"])).exitCode).toBe(11);
    expect((await cli.run(["doctor"])).stdout).toContain("belongs to the destroyed box");
    await tailnet.headscale.start();
    expect(await nodes()).toHaveLength(2);
    expect(await cli.json(["tailnet", "cleanup"])).toEqual({ gone: 2, pending: 0 });
    expect(await nodes()).toEqual([]);
  });

  it("are never removed by their name: another's of the same name stays", async () => {
    const { startClient } = await import("../support/tailnet-client.ts");
    const name = testName("twin");
    await using client = await startClient(tailnet.headscale, { user: me, hostname: name });
    const [other] = await nodes();
    await create(name);
    await cli.json(["destroy", name, "--yes"]);
    expect(await nodes()).toEqual([other]);
    expect(await client.status()).toMatchObject({ BackendState: "Running" });
  });
});
