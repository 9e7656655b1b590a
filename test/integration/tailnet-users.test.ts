import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compose } from "../../src/cli/compose.ts";
import { loadConfig } from "../../src/cli/compose/config.ts";
import { silentProgress } from "../../src/cli/progress.ts";
import type { BoxRecord } from "../../src/core/box.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { createInput } from "../fakes/world.ts";
import { testName } from "../support/ids.ts";
import { fullImage } from "../support/image.ts";
import { podmanOk, removeTestObjects } from "../support/podman.ts";
import { testTailnet, type TestTailnet } from "../support/tailnet.ts";
import { startClient, type TailnetClient } from "../support/tailnet-client.ts";

// Two users with two boxes each, on one host and one tailnet, the policy being that of docs/tailnet.md. Who a caller is
// comes from the system, so the use cases are called here as either user, on the real parts.

const USERS = ["alice", "bob"] as const;
type User = (typeof USERS)[number];

let tailnet: TestTailnet;
let dir: string;
const deps = {} as Record<User, Deps>;
const boxes: Record<User, BoxRecord[]> = { alice: [], bob: [] };
const clients = {} as Record<User, TailnetClient>;

beforeAll(async () => {
  tailnet = await testTailnet(USERS);
  dir = await mkdtemp(path.join(tmpdir(), "dbxtest-users-"));
  const file = path.join(dir, "config.json");
  const limits = { perUser: 5, global: 9, memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  const engine = { namespace: testName("users") };
  const state = { dir: path.join(dir, "state") };
  await writeFile(file, JSON.stringify({ image: await fullImage(), limits, engine, state, ...tailnet.config }));
  const { config } = await loadConfig(file);
  const never = new AbortController().signal;
  for (const [index, user] of USERS.entries()) {
    const caller = { user, uid: 5000 + index, admin: false, via: "local" as const };
    deps[user] = { ...compose(config, silentProgress, never), caller };
    clients[user] = await startClient(tailnet.headscale, { user });
  }
  for (const user of USERS) {
    for (const name of [testName(user), testName(user)]) {
      boxes[user].push((await create(deps[user], createInput(name))).box);
    }
  }
});

afterAll(async () => {
  for (const user of USERS) deps[user].ledger.close();
  await removeTestObjects();
  for (const user of USERS) await clients[user].stop();
  await tailnet.remove();
  await rm(dir, { recursive: true, force: true });
});

const other: Record<User, User> = { alice: "bob", bob: "alice" };
/** The address is what gets nearest to a box that one is not to reach: a name may not even be told. */
const addressOf = (box: BoxRecord): string => box.device?.addresses[0] ?? "";

describe("two users on one tailnet", () => {
  it("each have boxes with exactly their tags, as the control plane tells [FR-049] [FR-050] [SC-013]", async () => {
    const nodes = await tailnet.headscale.nodes();
    for (const user of USERS) {
      for (const { name, device } of boxes[user]) {
        const node = nodes.find(({ id }) => id === device?.identity.nodeId);
        expect(node).toMatchObject({ givenName: name, nodeKey: device?.identity.nodeKey, online: true });
        expect([...(node?.tags ?? [])].sort()).toEqual([`tag:${user}-container`, "tag:devcontainer"].sort());
      }
    }
  });

  it("reach their own boxes by Tailscale SSH as dev, with the environment of a session [FR-008] [SC-007]", async () => {
    for (const user of USERS) {
      for (const box of boxes[user]) {
        const said = await clients[user].ssh(addressOf(box), ["id -un; hostname; pwd; echo $XDG_RUNTIME_DIR; exit 3"]);
        expect(said).toMatchObject({ exitCode: 3 });
        expect(said.stdout.split("\n").slice(0, 4)).toEqual(["dev", box.name, "/home/dev/workspace", "/run/user/1000"]);
      }
    }
  });

  it("are refused by the other's boxes, at every port, and as root by their own [SC-007]", async () => {
    for (const user of USERS) {
      for (const box of boxes[other[user]]) {
        const said = await clients[user].ssh(addressOf(box), ["id"]);
        expect(said).toMatchObject({ exitCode: 255, stdout: "" });
        // A client asks the machine's own network for addresses that are none of its tailnet's, so an answer may come
        // from there: it must not be the box's editor.
        const page = await clients[user].curl(`http://${addressOf(box)}:8080/`, "--include", "--max-time", "3");
        expect(page.stdout).not.toContain("folder=");
        // The control plane does not even tell that the box is there.
        expect(JSON.stringify(await clients[user].status())).not.toContain(box.name);
      }
      const [own] = boxes[user];
      if (own === undefined) throw new Error("there is no box");
      for (const account of ["root", "nobody"]) {
        expect(await clients[user].ssh(`${account}@${addressOf(own)}`, ["id"])).toMatchObject({
          exitCode: 255,
          stdout: "",
        });
      }
    }
  });

  it("reach their own editor over the tailnet, and nothing else leads to it [FR-009] [SC-007]", async () => {
    for (const user of USERS) {
      for (const box of boxes[user]) {
        const page = await clients[user].curl(`http://${addressOf(box)}:8080/`, "--location", "--include");
        expect(page.stdout).toContain("HTTP/1.1 200");
        const listening = await podmanOk(["exec", box.containerId ?? "", "cat", "/proc/net/tcp", "/proc/net/tcp6"]);
        // 1F90: port 8080. Loopback alone, in the box's own network.
        const addresses = listening.match(/[0-9A-F]{8,32}(?=:1F90 [0-9A-F:]+ 0A)/g) ?? [];
        expect(new Set(addresses)).toEqual(new Set(["0100007F"]));
      }
    }
  });

  it("have boxes that do not reach each other, not even their owner's other one [SC-007]", async () => {
    const [from] = boxes.alice;
    if (from === undefined) throw new Error("there is no box");
    for (const to of [...boxes.bob, ...boxes.alice.slice(1)]) {
      const argv = ["exec", from.containerId ?? "", "tailscale", "status", "--json"];
      expect(await podmanOk(argv)).not.toContain(to.name);
      const direct = ["exec", from.containerId ?? "", "curl", "-s", "--max-time", "3", `http://${addressOf(to)}:8080/`];
      expect(await podmanOk(direct).catch(() => "refused")).toBe("refused");
    }
  });

  it("have boxes that are nobody else's to see or destroy, and leave no device [FR-026] [FR-028]", async () => {
    for (const user of USERS) {
      for (const { name } of boxes[other[user]]) {
        const refused = destroy(deps[user], { name, keepVolume: false });
        await expect(refused).rejects.toMatchObject({ code: "BOX_NOT_FOUND" });
      }
    }
    for (const user of USERS) {
      for (const { name } of boxes[user]) await destroy(deps[user], { name, keepVolume: false });
    }
    const left = (await tailnet.headscale.nodes()).map(({ givenName }) => givenName).sort();
    expect(left).toEqual(["alice-client", "bob-client"]);
  });
});
