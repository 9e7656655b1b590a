import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { readPrivateFile as read } from "../../src/adapters/system/private-file.ts";
import { createTailnet } from "../../src/adapters/tailnet/tailnet.ts";
import type { TailnetConfig } from "../../src/core/config/config.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { tagsOf } from "../../src/core/tailnet.ts";
import type { Tailnet } from "../../src/ports/tailnet.ts";
import { type Headscale, startHeadscale } from "../support/headscale.ts";
import { startClient, type TailnetClient } from "../support/tailnet-client.ts";
import { waitFor } from "../support/wait.ts";

const EXAMPLE = readFileSync("examples/tailnet-policy.hujson", "utf8").replaceAll("@example.com", "@");

let headscale: Headscale;
const clients: TailnetClient[] = [];

beforeAll(async () => {
  headscale = await startHeadscale({ policy: EXAMPLE });
  // One after the other, so that their numbers are known: two devices with a box's key and name, and two people's.
  for (const user of ["alice", "bob"]) {
    const { key } = await headscale.boxKey(user);
    clients.push(await startClient(headscale, { user, key, hostname: "web" }));
    clients.push(await startClient(headscale, { user }));
  }
});
afterAll(async () => {
  await Promise.all(clients.map((each) => each.stop()));
  await headscale.remove();
});

function tailnet(key = headscale.key, change: Partial<TailnetConfig> = {}): Tailnet {
  const tokenFile = path.join(headscale.dir, "api-key");
  writeFileSync(tokenFile, `${key}\n`);
  chmodSync(tokenFile, 0o600);
  const api = { ...DEFAULTS.tailnet.api, tokenFile };
  const own = { provider: "headscale", loginServer: headscale.url, timeout: 5, api } as const;
  return createTailnet(
    { ...DEFAULTS.tailnet, ...own, ...change },
    { clock: systemClock, read, credentials: undefined },
  )!;
}

async function failure(promise: Promise<unknown>): Promise<DevboxError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DevboxError);
  return error as DevboxError;
}

/** What is asked about a device, and about all; each call is made when it is waited for. */
const questions = (it: Tailnet, nodeId: string) => [
  () => it.devices(),
  () => it.device(nodeId),
  () => it.remove(nodeId),
];

/** What a device's own tailscaled says of itself. */
async function itself(client: TailnetClient): Promise<Record<string, unknown>> {
  return (await client.status()).Self as Record<string, unknown>;
}

test("the example's rules are right, and its tests hold on devices as they are [FR-050] [FR-052] [SC-007]", async () => {
  const file = path.join(headscale.dir, "with-tests.hujson");
  const tested = EXAMPLE.replaceAll(/^ {2}\/\/ (?= *("tests|"sshTests|\{|\}|\]|"src|"accept|"deny))/gm, "  ");
  expect(tested).toContain('\n  "sshTests"');
  writeFileSync(file, tested);
  expect(await headscale.command("policy", "check", "--file", file)).toContain("valid");
  // The tests do bite: with a rule that lets everybody in, they fail.
  writeFileSync(file, tested.replace('"acls": [', '"acls": [{ "action": "accept", "src": ["*"], "dst": ["*:*"] },'));
  await expect(headscale.command("policy", "check", "--file", file)).rejects.toThrow("tag:bob-container:22");
});

test("under the example's rules a device knows nobody but those whom it may talk to [FR-050] [SC-007]", async () => {
  const peersOf = async (client: TailnetClient) =>
    Object.values(((await client.status()).Peer ?? {}) as Record<string, { TailscaleIPs: string[] }>)
      .map(({ TailscaleIPs }) => TailscaleIPs[0])
      .sort();
  const [aliceBox, alice, bobBox, bob] = await Promise.all(
    clients.map(async (each) => (await itself(each)).TailscaleIPs),
  );
  const first = (addresses: unknown) => (addresses as string[])[0];
  const known = () => Promise.all(clients.map((client) => peersOf(client)));
  const allowed = [alice, aliceBox, bob, bobBox].map((addresses) => [first(addresses)]);
  // The control plane tells devices of each other in its own time.
  await waitFor(async () => {
    expect(await known()).toEqual(allowed);
  });
  await sleep(1000);
  expect(await known()).toEqual(allowed);
});

test("devices are listed as their own tailscaled knows itself, tags and taken names included [SC-013] [FR-050]", async () => {
  const devices = await tailnet().devices();
  expect(devices.map(({ hostname, name, tags }) => [hostname, name, tags])).toEqual([
    ["web", "web", tagsOf("alice")],
    ["alice-client", "alice-client", []],
    ["web", "web-1", tagsOf("bob")],
    ["bob-client", "bob-client", []],
  ]);
  const self = await itself(clients[2]!);
  const { nodeId } = devices[2]!;
  expect(await tailnet().device(nodeId)).toEqual(devices[2]);
  expect(devices[2]).toMatchObject({
    nodeId: self.ID,
    nodeKey: self.PublicKey,
    addresses: self.TailscaleIPs,
    online: true,
  });
  expect(Math.abs((devices[2]?.createdAt ?? 0) - Date.now())).toBeLessThan(120_000);
});

test("a device is renamed, and a name that is taken is refused in headscale's words [FR-028]", async () => {
  const it = tailnet();
  await it.rename("3", "web-of-bob");
  expect(await it.device("3")).toMatchObject({ name: "web-of-bob", hostname: "web" });
  const taken = await failure(it.rename("3", "web"));
  expect(taken).toMatchObject({ code: "TAILNET_FAILED", why: "HTTP 500: node name is not unique: web" });
  expect((await failure(it.rename("3", "../../4"))).code).toBe("TAILNET_FAILED");
  expect((await failure(it.rename("99", "x"))).code).toBe("TAILNET_FAILED");
  expect((await it.devices()).map(({ name }) => name)).toEqual(["web", "alice-client", "web-of-bob", "bob-client"]);
});

describe("no proof by silence", () => {
  test.each(["/api", "/api/v1", "/windows"])("a wrong address %s proves nothing gone [SC-005]", async (wrong) => {
    const it = tailnet(undefined, { loginServer: headscale.url + wrong });
    for (const call of questions(it, "99")) {
      const error = await failure(call());
      expect([error.code, error.next.join()]).toEqual([
        "TAILNET_FAILED",
        expect.stringContaining("Check tailnet.loginServer:"),
      ]);
    }
  });

  test("a Tailscale where a headscale is, and the other way round, prove nothing gone [SC-005]", async () => {
    const tokenFile = path.join(headscale.dir, "api-key");
    const api = { ...DEFAULTS.tailnet.api, url: headscale.url, tokenFile };
    const it = tailnet(undefined, { provider: "tailscale", api });
    for (const call of questions(it, "99")) {
      expect((await failure(call())).code).toBe("TAILNET_FAILED");
    }
  });

  test("an id that is none is never sent [FR-028]", async () => {
    for (const nodeId of ["", "0", "nABC", "1/expire", "-1", "00", "99999999999999999999"]) {
      expect((await failure(tailnet().remove(nodeId))).why).toContain("recorded at another control plane");
    }
  });
});

describe("its API key", () => {
  test("a wrong one, half of one and an expired one are refused, with what to do [SC-011]", async () => {
    const expired = await headscale.apiKey("1s");
    await sleep(1500);
    for (const key of ["nothing.like-it", `${headscale.key}x`, headscale.key.slice(0, -4), expired]) {
      for (const call of questions(tailnet(key), "1")) {
        const error = await failure(call());
        expect([error.code, error.next[0]]).toEqual([
          "TAILNET_API_REFUSED",
          expect.stringContaining("headscale apikeys create"),
        ]);
        expect(error.message + (error.why ?? "") + error.next.join()).not.toContain(key);
      }
    }
    expect(await tailnet().device("1")).toBeDefined();
  });

  test("an auth key in its place is told from an API key [FR-045]", async () => {
    const { key } = await headscale.boxKey("alice");
    const error = await failure(tailnet(key).devices());
    expect([error.code, error.why]).toEqual(["TAILNET_NOT_SET_UP", "It holds a key of another kind: hskey-auth-…"]);
  });
});

test("a device is removed, also twice, and is gone for the list and for itself; others stay [FR-028] [SC-005]", async () => {
  const it = tailnet();
  await it.remove("3");
  await it.remove("3");
  expect(await it.device("3")).toBeUndefined();
  expect((await it.devices()).map(({ nodeId }) => nodeId)).toEqual(["1", "2", "4"]);
});

test("while headscale is down nothing is proven; afterwards all is as it was [SC-005]", async () => {
  await headscale.stop();
  const it = tailnet(headscale.key);
  for (const call of [...questions(it, "1"), ...questions(it, "3")]) {
    const error = await failure(call());
    expect([error.code, error.message]).toEqual([
      "TAILNET_UNREACHABLE",
      `no answer from headscale (${headscale.url}).`,
    ]);
  }
  await headscale.start();
  expect((await it.devices()).map(({ nodeId }) => nodeId)).toEqual(["1", "2", "4"]);
});
