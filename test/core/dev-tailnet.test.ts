import type { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { byRoute } from "../../src/adapters/dev-tailnet/addresses.ts";
import { readConfig } from "../../src/core/config/read.ts";
import { headscaleConfig, headscaleUrl, isPrivate } from "../../src/core/dev-tailnet/headscale-config.ts";
import { policyFor } from "../../src/core/dev-tailnet/policy.ts";
import { readRecord } from "../../src/core/dev-tailnet/record.ts";
import { trialConfig } from "../../src/core/dev-tailnet/trial-config.ts";

describe("the rules of a tailnet of one's own", () => {
  it("let a user reach the boxes with their tag as dev, and nobody else anything [FR-012, FR-050, SC-007]", () => {
    const ports = "22,8080,8384,22000";
    expect(JSON.parse(policyFor(["alice", "bob"]))).toEqual({
      tagOwners: { "tag:alice-container": [], "tag:bob-container": [], "tag:devcontainer": [] },
      acls: [
        { action: "accept", src: ["alice@"], dst: [`tag:alice-container:${ports}`] },
        { action: "accept", src: ["bob@"], dst: [`tag:bob-container:${ports}`] },
      ],
      ssh: [
        { action: "accept", src: ["alice@"], dst: ["tag:alice-container"], users: ["dev"] },
        { action: "accept", src: ["bob@"], dst: ["tag:bob-container"], users: ["dev"] },
      ],
    });
  });

  it("take no user whose name could say something else", () => {
    expect(() => policyFor(['x", "*'])).toThrow();
  });
});

describe("headscale's configuration", () => {
  it("names no path outside of its directory, and listens on one address alone", () => {
    const place = { address: "10.0.0.7", port: 20_001, stunPort: 20_001, policy: "policy.hujson", forgetAfter: 1800 };
    const text = headscaleConfig(place);
    expect(text).not.toContain('"/');
    expect(text).not.toContain("0.0.0.0");
    expect(JSON.parse(text)).toMatchObject({
      server_url: "http://10.0.0.7:20001",
      node: { ephemeral: { inactivity_timeout: "1800s" } },
      derp: { urls: [] },
    });
    expect(headscaleUrl({ address: "fd00::7", port: 1 })).toBe("http://[fd00::7]:1");
  });
});

describe("the configuration for boxes on a tailnet of one's own", () => {
  const parts = { url: "http://10.0.0.7:20001", keys: "/s/d/keys", apiKey: "/s/d/api-key", stateDir: "/s/d-boxes" };

  it("is the one in force with a tailnet on top", () => {
    const made = trialConfig({ image: "mine", limits: { memory: "1GiB" } }, parts);
    expect(readConfig(made, "made")).toMatchObject({
      image: "mine",
      state: { dir: null },
      secrets: { provider: "file", dir: "/s/d/keys" },
      tailnet: { provider: "headscale", loginServer: parts.url, api: { tokenFile: "/s/d/api-key" } },
    });
    expect(trialConfig(undefined, parts)).toEqual(trialConfig({}, parts));
  });

  it("keeps its boxes apart where the one in force has another tailnet", () => {
    const long = "n".repeat(40);
    const made = trialConfig({ engine: { namespace: long }, tailnet: { provider: "tailscale" } }, parts);
    const config = readConfig(made, "made");
    expect(config.state.dir).toBe("/s/d-boxes");
    expect(config.engine.namespace).toBe(`${long.slice(0, 36)}-dev`);
    expect(config.tailnet.provider).toBe("headscale");
  });

  it("stays as it is when it is made from itself, at another address too", () => {
    const apart = trialConfig({ tailnet: { provider: "tailscale" } }, parts);
    const again = trialConfig(apart, { ...parts, url: "http://10.0.0.8:20002" });
    expect(again).toMatchObject({
      engine: { namespace: "devbox-dev" },
      tailnet: { loginServer: "http://10.0.0.8:20002" },
    });
    const usual = trialConfig({}, parts);
    expect(trialConfig(usual, { ...parts, url: "http://10.0.0.8:20002" })).not.toHaveProperty("state");
  });
});

it("is a private address where tailscaled takes it for one", () => {
  const some = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.1",
    "192.168.1.1",
    "172.32.0.1",
    "192.0.2.2",
    "100.64.0.1",
    "1.10.0.1",
  ];
  expect(some.filter((address) => isPrivate(address))).toEqual(some.slice(0, 4));
});

describe("what is remembered", () => {
  it("is read as it was written", () => {
    const record = { address: "10.0.0.7", port: 20_001, users: ["alice"] };
    expect(readRecord(JSON.stringify(record), "f")).toEqual(record);
  });

  it.each(["", "null", "[]", "{}", '{"address":"x","port":0,"users":[]}', '{"address":1,"port":5,"users":[]}'])(
    "is refused when it is %j",
    (text) => {
      expect(() => readRecord(text, "f")).toThrow(/cannot be read/);
    },
  );
});

describe("this machine's addresses", () => {
  const at = (address: string) =>
    ({ address, family: "IPv4" }) as NonNullable<ReturnType<typeof networkInterfaces>[string]>[number];

  it("begin with that of the way to everywhere, and have none of the loopback net and of containers", () => {
    const routes = "Iface\tDestination\tGateway\neth0\t0000A8C0\t0\neth1\t00000000\t0100A8C0\n";
    const lo = [at("127.0.0.1"), at("10.255.255.1")];
    const interfaces = { lo, podman0: [at("10.88.0.1")], eth0: [at("10.0.0.1")], eth1: [at("10.1.0.1")] };
    expect(byRoute(interfaces, routes)).toEqual(["10.1.0.1", "10.255.255.1", "10.0.0.1"]);
    expect(byRoute({ lo: [at("127.0.0.1")] }, "")).toEqual([]);
  });
});
