import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../../src/core/config/defaults.ts";
import { configJsonSchema, readConfig } from "../../../src/core/config/read.ts";
import { configSchema } from "../../../src/core/config/schema.ts";
import { unreadableConfig } from "../../../src/core/config/unreadable.ts";
import { DevboxError } from "../../../src/core/errors.ts";
import { GIB, MIB } from "../../../src/core/size.ts";

const FILE = "/etc/devbox/config.yaml";

function refusal(document: unknown): DevboxError {
  try {
    readConfig(document, FILE);
  } catch (error) {
    if (error instanceof DevboxError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(document)} was taken`);
}

describe("the defaults", () => {
  it("of the schema are the very ones that are in force without a file", () => {
    expect(configSchema.parse({})).toEqual(DEFAULTS);
    expect(readConfig({}, FILE)).toEqual(DEFAULTS);
  });

  it("are those that were promised [FR-029] [FR-032] [FR-033]", () => {
    expect(DEFAULTS.limits).toMatchObject({ cpus: 2, memory: 4 * GIB, perUser: 5, global: 7, counts: "existing" });
  });

  it("fill in what a file leaves out", () => {
    const config = readConfig({ limits: { memory: "512MiB", reserve: { disk: "1GiB" } }, users: { alice: {} } }, FILE);
    expect(config.limits).toEqual({
      ...DEFAULTS.limits,
      memory: 512 * MIB,
      reserve: { memory: DEFAULTS.limits.reserve.memory, disk: GIB },
    });
    expect(config.users).toEqual({ alice: {} });
  });
});

describe("a document that is no configuration", () => {
  it.each([
    [null, "is empty"],
    [undefined, "is empty"],
    [[], "its top level is not a mapping"],
    [[{ limits: {} }], "its top level is not a mapping"],
    ["limits", "its top level is not a mapping"],
    [42, "its top level is not a mapping"],
    [true, "its top level is not a mapping"],
  ])("%j %s", (document, says) => {
    const error = refusal(document);
    expect(error).toMatchObject({ code: "INVALID_CONFIG", exitCode: 2 });
    expect(error.message).toContain(says);
    expect(error.message).toContain(FILE);
    expect(error.next).not.toHaveLength(0);
  });
});

describe("unknown keys name the nearest known one", () => {
  it.each([
    [{ limit: {} }, "limit: unknown key; did you mean limits?"],
    [{ limits: { perUsr: 1 } }, "limits.perUsr: unknown key; did you mean perUser?"],
    [{ limits: { reserve: { memry: "1GiB" } } }, "limits.reserve.memry: unknown key; did you mean memory?"],
    [{ engine: { pth: "podman" } }, "engine.pth: unknown key; did you mean path?"],
    [{ users: { alice: { limits: { box: 1 } } } }, "users.alice.limits.box: unknown key; did you mean boxes?"],
    [{ users: { alice: { limit: {} } } }, "users.alice.limit: unknown key; did you mean limits?"],
    [
      { zzzzzzzz: 1 },
      "zzzzzzzz: unknown key; known here: host, state, limits, image, engine, isolation, secrets, tailnet, lifecycle, notify, users",
    ],
    [{ "\u001b[31m": 1 }, "\\u{1b}[31m: unknown key"],
    [{ ["x".repeat(10_000)]: 1 }, "unknown key"],
  ])("%j", (document, says) => {
    const { why = "" } = refusal(document);
    expect(why).toContain(says);
    // eslint-disable-next-line no-control-regex -- control characters are what must not come out
    expect(why).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(why.length).toBeLessThan(1000);
  });

  it("all of them at once, with every other problem", () => {
    const { why = "" } = refusal({ limts: {}, enigne: {}, limits: { cpus: "two", perUser: -1 } });
    expect(why.split("\n")).toHaveLength(4);
    for (const key of ["limts", "enigne", "limits.cpus", "limits.perUser"]) expect(why).toContain(`${key}: `);
  });
});

describe("values of the wrong kind are named by their key", () => {
  it.each([
    ["limits", 5],
    ["limits", null],
    ["limits", []],
    ["limits.perUser", "5"],
    ["limits.perUser", 1.5],
    ["limits.perUser", -1],
    ["limits.global", null],
    ["limits.counts", "all"],
    ["limits.cpus", "2"],
    ["limits.cpus", 0],
    ["limits.cpus", -2],
    ["limits.cpus", Number.NaN],
    ["limits.cpus", Number.POSITIVE_INFINITY],
    ["limits.memory", 4],
    ["limits.memory", "4"],
    ["limits.memory", "0GiB"],
    ["limits.memory", "-1GiB"],
    ["limits.memory", "lots"],
    ["limits.memory", "1KiB"],
    ["limits.memory", "100GiB"],
    ["limits.maxMemory", "1MiB"],
    ["limits.cpus", 9],
    ["limits.pids", 0],
    ["limits.reserve", "1GiB"],
    ["limits.reserve.disk", 10],
    ["image", ""],
    ["image", ["a"]],
    ["engine.kind", "docker"],
    ["engine.path", ""],
    ["engine.timeout", 0],
    ["engine.timeout", 1.5],
    ["engine.timeout", 100_000],
    ["engine.namespace", "No Good"],
    ["engine.namespace", "a".repeat(41)],
    ["state.dir", "relative/path"],
    ["state.dir", ""],
    ["host.name", 1],
    ["users", []],
    ["users.alice", "x"],
    ["users.alice.limits.boxes", -1],
  ])("%s: %j", (key, value) => {
    const document = key.split(".").reduceRight<unknown>((inner, part) => ({ [part]: inner }), value);
    const error = refusal(document);
    expect(error).toMatchObject({ code: "INVALID_CONFIG", exitCode: 2 });
    expect(error.why).toContain(key);
    expect(error.next.join()).toContain("devbox-ctl config check");
  });
});

describe("what is wrong is said in sentences, not in the library's words", () => {
  const email = { type: "email", host: "mail.example.com", from: "devbox@example.com" };
  it.each<[unknown, string]>([
    [{ notify: [{ type: "sms" }] }, 'notify.0.type: "sms" is not known; known here: webhook, email, command'],
    [{ notify: [{ url: "x" }] }, "notify.0.type: is missing; known here: webhook, email, command"],
    [{ notify: ["x"] }, "notify.0: must be a mapping of keys"],
    [{ notify: {} }, "notify: must be a list"],
    [{ notify: [{ type: "email", from: "a@example.com" }] }, "notify.0.host: is missing; it has to be a text"],
    [{ notify: [{ ...email, from: "me" }] }, "notify.0.from: must be an e-mail address such as alice@example.com"],
    [{ notify: [{ ...email, port: 0 }] }, "notify.0.port: must be at least 1"],
    [{ notify: [{ ...email, port: 70_000 }] }, "notify.0.port: must be at most 65535"],
    [{ notify: [{ ...email, timeout: 1.5 }] }, "notify.0.timeout: must be a whole number"],
    [{ notify: [{ ...email, security: "ssl" }] }, "notify.0.security: must be one of tls, starttls, none"],
    [{ notify: [{ ...email, hots: "x" }] }, "notify.0.hots: unknown key; did you mean host?"],
    [{ notify: [{ type: "command", argv: [] }] }, "notify.0.argv: must have at least 1 entry"],
    [{ notify: [{ type: "command", argv: ["/bin/x", ""] }] }, "notify.0.argv.1: must not be empty"],
    [{ lifecycle: { parallel: 0 } }, "lifecycle.parallel: must be at least 1"],
    [{ lifecycle: { parallel: 65 } }, "lifecycle.parallel: must be at most 64"],
    [{ lifecycle: { notice: 2 } }, "lifecycle.notice: must be a text"],
    [{ lifecycle: { activity: { cpuPercent: "5" } } }, "lifecycle.activity.cpuPercent: must be a number"],
    [{ lifecycle: { activity: { signals: { cpu: "yes" } } } }, "lifecycle.activity.signals.cpu: must be true or false"],
    [{ lifecycle: { activity: { networkBytes: 0 } } }, "lifecycle.activity.networkBytes: must be at least 1"],
    [{ users: { alice: { lifecycle: { stopAfterIdle: 7 } } } }, "lifecycle.stopAfterIdle: must be a span such as 7d"],
  ])("%j [X-04]", (document, says) => {
    const { why = "" } = refusal(document);
    expect(why.split("\n").some((line) => line.includes(says))).toBe(true);
    expect(why).not.toMatch(/expected|received|Invalid|Too (?:small|big)/);
  });
});

it("a user's span is longer than the notice, as the host's has to be [FR-034] [FR-035]", () => {
  const lifecycle = { notice: "2d" };
  const users = (own: Record<string, string>) => ({ lifecycle, users: { bob: {}, alice: { lifecycle: own } } });
  expect(refusal(users({ stopAfterIdle: "1d", destroyAfterStopped: "2d" })).why?.split("\n")).toEqual([
    "users.alice.lifecycle.stopAfterIdle: must be longer than lifecycle.notice (2d), by which alice is told before",
    "users.alice.lifecycle.destroyAfterStopped: must be longer than lifecycle.notice (2d), by which alice is told before",
  ]);
  expect(readConfig(users({ stopAfterIdle: "49h", destroyAfterStopped: "never" }), FILE).users.alice).toBeDefined();
});

it("gives a configuration or an error of ours for any document at all", () => {
  const key = fc.constantFrom(
    "host",
    "state",
    "limits",
    "image",
    "engine",
    "users",
    "reserve",
    "__proto__",
    "constructor",
    "x",
  );
  const document = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())));
  fc.assert(
    fc.property(fc.oneof(document, fc.jsonValue()), (value) => {
      try {
        expect(readConfig(value, FILE).limits.perUser).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toMatchObject({ name: "DevboxError", code: "INVALID_CONFIG" });
      }
    }),
    { numRuns: 500 },
  );
});

it("has a JSON Schema that describes every key", () => {
  const undescribed = (node: unknown, path: string): string[] => {
    const { properties = {} } = node as { properties?: Record<string, { description?: string }> };
    return Object.entries(properties).flatMap(([key, value]) => [
      ...(value.description === undefined ? [`${path}${key}`] : []),
      ...undescribed(value, `${path}${key}.`),
    ]);
  };
  expect(undescribed(configJsonSchema(), "")).toEqual([]);
});

it("is the host's when it lies there and cannot be read, so that nobody asks for the right to", () => {
  const next = (file: string, code: string) => unreadableConfig(file, code, "permission denied").next.join("; ");
  expect(next(FILE, "EACCES")).toContain("sudo devbox-ctl config check");
  expect(next("/home/alice/c.yaml", "EACCES")).toContain("the right to read it");
  expect(next(FILE, "EISDIR")).not.toContain("sudo");
});
