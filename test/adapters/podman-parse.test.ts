import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBoxes, parseCounters, parseInspect, parseStats } from "../../src/adapters/podman/parse-containers.ts";
import { parseImages, parseInfo, parseVolumes } from "../../src/adapters/podman/parse-info.ts";
import { fromHumanSize, fromSeconds, fromTimestamp } from "../../src/adapters/podman/parse.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { readSpec } from "../../src/core/spec.ts";

const recorded = (file: string): string =>
  readFileSync(path.resolve(import.meta.dirname, "../fixtures/podman-4.3", file), "utf8");

/** A recorded answer with something changed, as Podman 5 would have printed it. */
function changed(file: string, change: (json: never) => void): string {
  const json = JSON.parse(recorded(file)) as never;
  change(json);
  return JSON.stringify(json);
}

const NS = "recorded";
const HEX = /^[0-9a-f]{64}$/;

describe("ps of Podman 4.3", () => {
  const boxes = () => new Map(parseBoxes(NS, recorded("ps.json")).map((box) => [box.identity.name, box]));

  it("lists boxes with their identity and creation spec", () => {
    expect([...boxes().keys()].sort()).toEqual(["api", "fresh", "worker"]);
    const api = boxes().get("api")!;
    expect(api.containerId).toMatch(HEX);
    expect(api.identity).toMatchObject({
      kind: "box",
      owner: "root",
      id: expect.stringMatching(/^[a-z][a-z0-9]{7}$/) as unknown,
    });
    expect(readSpec(api.identity.spec!)).toMatchObject({ cpus: 1, memory: 512 * 2 ** 20 });
    expect(api.image).toBe("localhost/devbox:latest");
  });

  it("tells running from stopped from never started, with times only where there were some", () => {
    const { api, worker, fresh } = Object.fromEntries(boxes());
    expect(api).toMatchObject({ state: "running", exitedAt: undefined, exitCode: 0 });
    expect(worker).toMatchObject({ state: "exited" });
    expect(worker!.exitedAt).toBeGreaterThanOrEqual(worker!.startedAt!);
    expect(fresh).toMatchObject({ state: "created", startedAt: undefined, exitedAt: undefined });
    expect(parseBoxes(NS, recorded("ps-paused.json"))).toMatchObject([{ state: "paused" }]);
  });

  it("is empty without boxes, and for another installation", () => {
    expect(parseBoxes(NS, recorded("ps-empty.json"))).toEqual([]);
    expect(parseBoxes("other", recorded("ps.json"))).toEqual([]);
  });
});

describe("ps of other versions", () => {
  it.each([
    ["null for nothing", "null", []],
    ["labels and ports that are null", '[{"Id":"a","Labels":null,"Ports":null}]', []],
  ])("%s", (_, json, boxes) => {
    expect(parseBoxes(NS, json)).toEqual(boxes);
  });

  it("new fields and unheard-of states", () => {
    const json = changed("ps.json", (list: Record<string, unknown>[]) => {
      for (const box of list)
        Object.assign(box, { Restarts: 0, ExitedAt: -62135596800, State: "hibernating", CIDFile: "" });
    });
    expect(parseBoxes(NS, json)).toHaveLength(3);
    for (const box of parseBoxes(NS, json)) expect(box).toMatchObject({ state: "unknown", exitedAt: undefined });
  });

  it.each([
    ["configured", "created"],
    ["initialized", "created"],
    ["stopped", "exited"],
    ["stopping", "stopping"],
    ["removing", "stopping"],
    ["running", "running"],
  ])("state %s is %s", (state, reduced) => {
    const json = changed("ps-paused.json", (list: Record<string, unknown>[]) =>
      Object.assign(list[0]!, { State: state }),
    );
    expect(parseBoxes(NS, json)).toMatchObject([{ state: reduced }]);
  });
});

describe("inspect", () => {
  it("of a running box has its process, address and image", () => {
    const detail = parseInspect(recorded("inspect-running.json"));
    expect(detail).toMatchObject({ state: "running", exitedAt: undefined, outOfMemory: false });
    expect(detail?.pid).toBeGreaterThan(0);
    expect(detail?.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(detail?.imageId).toMatch(HEX);
    expect(detail?.startedAt).toBeGreaterThan(Date.parse("2020-01-01"));
  });

  it("of a stopped one has none, and when it ended", () => {
    const detail = parseInspect(recorded("inspect-stopped.json"));
    expect(detail).toMatchObject({ state: "exited", pid: undefined, address: undefined });
    expect(detail?.exitedAt).toBeGreaterThanOrEqual(detail!.startedAt!);
  });

  it("of one that never ran has no times", () => {
    expect(parseInspect(recorded("inspect-created.json"))).toMatchObject({
      state: "created",
      startedAt: undefined,
      exitedAt: undefined,
      pid: undefined,
    });
  });

  it("of a missing one is an empty list, which says that it is gone", () => {
    expect(parseInspect(recorded("inspect-missing.json"))).toBeUndefined();
    expect(recorded("inspect-missing.stderr.txt")).toMatch(/no such (container|object)/i);
  });

  it("of Podman 5: Entrypoint is a list, StopSignal a word, Health is absent, OOMKilled true", () => {
    const json = changed("inspect-stopped.json", (list: { State: Record<string, unknown>; Config: object }[]) => {
      delete list[0]!.State.Health;
      Object.assign(list[0]!.State, { OOMKilled: true, StoppedByUser: true });
      Object.assign(list[0]!.Config, { Entrypoint: ["/usr/libexec/devbox/init"], StopSignal: "SIGTERM" });
    });
    expect(parseInspect(json)).toMatchObject({ state: "exited", outOfMemory: true });
  });

  it("of a rootless box has no address", () => {
    const json = changed("inspect-running.json", (list: { NetworkSettings: Record<string, unknown> }[]) => {
      list[0]!.NetworkSettings = { IPAddress: "", Networks: { slirp4netns: { IPAddress: "" } } };
    });
    expect(parseInspect(json)?.address).toBeUndefined();
  });
});

describe("volume ls", () => {
  it("lists homes and private volumes with their identity, time and place", () => {
    const volumes = parseVolumes(NS, recorded("volume-ls.json"));
    expect(volumes.map((volume) => `${volume.identity.name} ${volume.identity.kind}`).sort()).toEqual([
      "api home",
      "api private",
      "fresh home",
      "fresh private",
      "worker home",
      "worker private",
    ]);
    for (const volume of volumes) {
      expect(volume.mountpoint).toBe(`/var/lib/containers/storage/volumes/${volume.name}/_data`);
      expect(volume.createdAt).toBeGreaterThan(Date.parse("2020-01-01"));
    }
  });

  it("is empty without volumes, for another installation, and for null", () => {
    expect(parseVolumes(NS, recorded("volume-ls-empty.json"))).toEqual([]);
    expect(parseVolumes("other", recorded("volume-ls.json"))).toEqual([]);
    expect(parseVolumes(NS, "null")).toEqual([]);
  });
});

describe("images", () => {
  it("lists an image with two names once", () => {
    expect(parseImages(recorded("images.json"))).toEqual([
      {
        id: expect.stringMatching(HEX) as unknown,
        names: [expect.stringMatching(/^localhost\/devbox:[0-9a-f]{12}$/), "localhost/devbox:latest"],
        createdAt: expect.any(Number) as unknown,
        size: expect.any(Number) as unknown,
        contract: "1",
        key: expect.stringMatching(HEX) as unknown,
        parts: [],
      },
    ]);
    expect(parseImages(recorded("images-empty.json"))).toEqual([]);
  });

  it("leaves out those that do not say that they keep the contract, names or none", () => {
    const json = changed("images.json", (list: Record<string, unknown>[]) => {
      Object.assign(list[0]!, { Labels: null });
      Object.assign(list[1]!, { Names: null });
    });
    expect(parseImages(json)).toMatchObject([{ names: [] }]);
  });
});

describe("info", () => {
  it("of root's Podman on cgroup v1", () => {
    expect(parseInfo(recorded("info.json"))).toEqual({
      version: "4.3.1",
      rootless: false,
      cgroupVersion: "v1",
      controllers: expect.arrayContaining(["cpu", "memory", "pids"]) as unknown,
      storageDriver: "overlay",
      storageDir: "/var/lib/containers/storage",
      runtime: "runc",
      network: "netavark",
      boxNetwork: "slirp4netns",
    });
  });

  it("of a rootless one, to which nothing was delegated", () => {
    expect(parseInfo(recorded("info-rootless.json"))).toMatchObject({ rootless: true, controllers: [] });
  });

  it("of Podman 5 on cgroup v2", () => {
    const json = changed("info.json", (info: { host: object; version: object }) => {
      Object.assign(info.host, {
        cgroupVersion: "v2",
        cgroupControllers: ["cpu", "memory", "pids"],
        rootlessNetworkCmd: "pasta",
      });
      Object.assign(info.version, { Version: "5.4.2", BuildOrigin: "Debian" });
    });
    expect(parseInfo(json)).toMatchObject({ version: "5.4.2", cgroupVersion: "v2" });
  });

  it.each(["cgroupVersion", "graphRoot"])("without %s is not understood", (key) => {
    const json = recorded("info.json").replaceAll(`"${key}"`, `"old-${key}"`);
    expect(() => parseInfo(json)).toThrow(expect.objectContaining({ code: "ENGINE_GARBAGE" }));
  });
});

describe("stats", () => {
  it("are read with both kinds of units, by short id", () => {
    const [entry] = parseStats(recorded("stats.json"));
    expect(entry?.[0]).toMatch(/^[0-9a-f]{12}$/);
    expect(entry?.[1]).toEqual({ cpuPercent: 4.16, memory: 458_800, pids: 1 });
    expect([...parseStats(recorded("stats-stopped.json")).values()]).toEqual([{ cpuPercent: 0, memory: 0, pids: 0 }]);
  });

  it("leave out what is not there", () => {
    const json = changed("stats.json", (list: object[]) =>
      Object.assign(list[0]!, { cpu_percent: "--", mem_usage: "-- / --", pids: "" }),
    );
    expect([...parseStats(json).values()]).toEqual([{ cpuPercent: undefined, memory: undefined, pids: undefined }]);
  });
});

describe("counters", () => {
  const id = "7845ff136fd31574d9db55d762b77f6247a53b86dce36331a4efb04397ebeca7";

  it("are read raw, by full id; Podman 5 counts each interface of the network", () => {
    expect(parseCounters(recorded("stats-raw.jsonl")).get(id)).toEqual({ cpuSeconds: 0.131256304, networkBytes: 540 });
    const Network = { eth0: { RxBytes: 1000, TxBytes: 200 }, eth1: { RxBytes: 30, TxBytes: 4, RxDropped: 9 } };
    const five = JSON.stringify({ ContainerID: id, CPUNano: 2e9, Network });
    expect(parseCounters(`${five}\n`).get(id)).toEqual({ cpuSeconds: 2, networkBytes: 1234 });
  });

  it("are unknown where they are not there", () => {
    const nothing = JSON.stringify({ ContainerID: id, CPUNano: -1, NetInput: null });
    expect(parseCounters(nothing).get(id)).toEqual({ cpuSeconds: undefined, networkBytes: undefined });
    expect(parseCounters("").size).toBe(0);
  });
});

describe("anything else is not understood, and harmless", () => {
  const parsers = {
    ps: (text: string) => parseBoxes(NS, text),
    inspect: parseInspect,
    "volume ls": (text: string) => parseVolumes(NS, text),
    images: parseImages,
    stats: parseStats,
    info: parseInfo,
  };

  it.each(Object.entries(parsers))("from %s", (verb, parse) => {
    for (const text of [
      "",
      " \n",
      "json",
      "Error: x",
      "{",
      "[1]",
      '["x"]',
      "[null]",
      "42",
      '"x"',
      "\u001b[2J[]",
      "x".repeat(100_000),
    ]) {
      const error = refusal(() => parse(text));
      expect(error).toMatchObject({ code: "ENGINE_GARBAGE", exitCode: 7 });
      expect(error?.message).toContain(`podman ${verb} `);
      expect(error?.why).not.toContain("\u001b");
      expect(error?.why?.length).toBeLessThan(200);
      expect(error?.next).not.toHaveLength(0);
    }
  });

  it("whatever JSON it is", () => {
    for (const parse of Object.values(parsers)) {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.json(),
            fc
              .array(fc.dictionary(fc.constantFrom("Id", "Labels", "State", "Name", "id"), fc.jsonValue()))
              .map((v) => JSON.stringify(v)),
          ),
          (text) => {
            refusal(() => parse(text));
          },
        ),
      );
    }
  });
});

/** What a parser threw, if it was an error of ours; anything else is a bug and comes through. */
function refusal(act: () => unknown): DevboxError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof DevboxError) return error;
    throw error;
  }
}

it.each([
  ["2.789MB", 2_789_000],
  ["1.5GiB", 1.5 * 2 ** 30],
  ["0B", 0],
  ["458.8kB", 458_800],
  ["1KiB", 1024],
  ["--", undefined],
  ["", undefined],
  ["B", undefined],
  ["1.2.3MB", undefined],
  [undefined, undefined],
])("the size %j is %j bytes", (size, bytes) => {
  expect(fromHumanSize(size)).toBe(bytes);
});

it("times before the epoch mean never", () => {
  expect([fromSeconds(-62135596800), fromSeconds(0), fromSeconds(undefined), fromSeconds(5)]).toEqual([
    undefined,
    undefined,
    undefined,
    5000,
  ]);
  expect(["0001-01-01T00:00:00Z", "", undefined, "soon"].map(fromTimestamp)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(fromTimestamp("2026-01-01T00:00:00.123456789+01:00")).toBe(Date.parse("2025-12-31T23:00:00.123Z"));
});
