import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allDevices, headscaleDevice, tailscaleDevice } from "../../src/adapters/tailnet/parse.ts";

const recorded = (name: string): unknown => JSON.parse(readFileSync(`test/fixtures/${name}`, "utf8"));

const KEY = `nodekey:${"ab".repeat(32)}`;

const KINDS = [
  ["tailscale", tailscaleDevice, "nodeId"],
  ["headscale", headscaleDevice, "id"],
] as const;

test("headscale's nodes, in the shape of version 0.29.2 [SC-013]", () => {
  const { nodes } = recorded("headscale-0.29.2/nodes.json") as { nodes: unknown };
  const [web, client] = allDevices(nodes, headscaleDevice) ?? [];
  expect(web).toEqual({
    nodeId: "1",
    nodeKey: "nodekey:db958d2f033d3c71e5f33c51d8b8d217019512947ea84827b758d467daddac53",
    hostname: "web",
    name: "web-1",
    addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"],
    tags: ["tag:alice-container", "tag:devcontainer"],
    online: true,
    createdAt: Date.parse("2026-11-21T11:52:06.385Z"),
  });
  expect(client).toMatchObject({ nodeId: "2", tags: [] });
});

describe.each(KINDS)("a device of %s", (_, read, id) => {
  test("needs no more than its id and its key; what is unknown is left out [SC-005]", () => {
    expect(read({ [id]: "7", nodeKey: KEY, news: { of: "tomorrow" } })).toEqual({
      nodeId: "7",
      nodeKey: KEY,
      hostname: "",
      name: "",
      addresses: [],
      tags: [],
      online: undefined,
      createdAt: undefined,
    });
  });

  test.each([undefined, "", "nodekey:", `nodekey:${"0".repeat(64)}`])(
    "without a key keeps its id: %j [SC-005]",
    (nodeKey) => {
      expect(read({ [id]: "7", nodeKey })).toMatchObject({ nodeId: "7", nodeKey: "" });
    },
  );

  test.each([null, 7, "mkey:00", KEY.toUpperCase(), `${KEY}00`, [KEY]])(
    "with a key that is none is none: %j [SC-005]",
    (nodeKey) => {
      expect(read({ [id]: "7", nodeKey })).toBeUndefined();
    },
  );

  test.each([undefined, null, 7, "", "a/b", "..", "é", "a".repeat(65), ["7"]])(
    "with an id that is none is none: %j [SC-005]",
    (value) => {
      expect(read({ [id]: value, nodeKey: KEY })).toBeUndefined();
    },
  );

  test("may say anything else of itself, and none of it gets through that is no plain word [SC-005]", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (fields, odd) => {
        const about = {
          hostname: odd,
          name: odd,
          givenName: odd,
          tags: odd,
          addresses: odd,
          created: odd,
          createdAt: odd,
        };
        const device = read({ ...fields, ...about, [id]: "7", nodeKey: KEY });
        expect(device?.nodeId).toBe("7");
        const { createdAt, online, ...words } = device!;
        expect(Object.values(words).flat().join("")).toMatch(/^[\w.:-]*$/);
        expect([createdAt ?? 1, online ?? true].map((each) => typeof each)).toEqual(["number", "boolean"]);
      }),
    );
  });
});

test("one entry that is no device makes the whole list none, because it could be ours [SC-005]", () => {
  const device = { nodeId: "n1", nodeKey: KEY };
  expect(allDevices([], tailscaleDevice)).toEqual([]);
  expect(allDevices([device], tailscaleDevice)).toHaveLength(1);
  for (const odd of [null, "n2", {}, [device], { nodeId: "n2", nodeKey: "?" }]) {
    expect(allDevices([device, odd], tailscaleDevice)).toBeUndefined();
  }
  for (const none of [undefined, null, {}, "[]", { devices: [] }])
    expect(allDevices(none, tailscaleDevice)).toBeUndefined();
});
