import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOpReader } from "../../src/adapters/onepassword/cli.ts";
import { createOnePassword } from "../../src/adapters/onepassword/store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { processesWith } from "../fixtures/bad-podman/refusal.ts";
import { CANARY, type FakeOp, fakeOp, testToken } from "../support/secrets.ts";

// 1Password's op command: what it is given, what it says, and what becomes of it.

const KEY = `tskey-auth-k${CANARY}-0123456789`;
const ITEM = "alice-tailscale-authkey";
const TOKEN = testToken("my.1password.com");
const quiet = new AbortController().signal;
let op: FakeOp;

beforeEach(async () => {
  op = await fakeOp();
  await op.put("DevBox", ITEM, KEY);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await op[Symbol.asyncDispose]();
});

function store({ vault = "DevBox", token = TOKEN, command = op.op, timeout = 20_000 } = {}) {
  return createOnePassword({
    vault,
    timeout,
    clock: systemClock,
    reader: createOpReader(command),
    token: { environment: new Secret(token), credentials: undefined, tokenFile: null, read: () => undefined },
  });
}

/** The error of a read, in which nothing secret may be. */
async function failure(asked: Promise<unknown>): Promise<DevboxError> {
  const error: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DevboxError)) throw new Error(`no DevboxError: ${inspect(error)}`);
  const shown = [
    inspect(error, { depth: 9 }),
    JSON.stringify(error),
    error.stack,
    error.message,
    error.why,
    ...error.next,
  ];
  for (const secret of [CANARY, TOKEN]) expect(shown.join()).not.toContain(secret);
  // eslint-disable-next-line no-control-regex -- they must not come out
  expect(shown.slice(3).join()).not.toMatch(/[\u0000-\u0009\u001b]/);
  return error;
}
const refused = (options = {}) => failure(store(options).authKey("alice", quiet));
const reads = async (): Promise<number> => (await op.saw("reads")).split("\n").filter(Boolean).length;

describe("the op command", () => {
  it("reads the user's key, once [FR-014] [FR-047]", async () => {
    expect((await store().authKey("alice", quiet)).reveal()).toBe(KEY);
    expect(await reads()).toBe(1);
    await op.put("Dev Box 2", "bob-tailscale-authkey", `\n ${KEY}\n`);
    expect((await store({ vault: "Dev Box 2" }).authKey("bob", quiet)).reveal()).toBe(KEY);
  });

  it("is given the reference as argument and the token nowhere but in its environment [FR-015] [FR-047]", async () => {
    await store().authKey("alice", quiet);
    expect((await op.saw("argv")).split("\n")).toEqual(["read", "--no-newline", `op://DevBox/${ITEM}/password`, ""]);
    const environment = (await op.saw("environment")).split("\n");
    expect(environment.filter((line) => line.includes(TOKEN))).toEqual([`OP_SERVICE_ACCOUNT_TOKEN=${TOKEN}`]);
    expect(await op.saw("core")).toMatch(/Max core file size\s+0\s+0\s/);
  });

  it("has an environment of its own: no other account, server, session, cache or debug output has a say [FR-045]", async () => {
    const hostile = {
      ...{ OP_CONNECT_HOST: "http://evil", OP_CONNECT_TOKEN: "evil", OP_ACCOUNT: "evil", OP_SESSION_evil: "evil" },
      ...{ OP_DEBUG: "true", OP_CACHE: "true", OP_FORMAT: "json", OP_CONFIG_DIR: "/", OP_ISO_TIMESTAMPS: "true" },
      ...{
        OP_BIOMETRIC_UNLOCK_ENABLED: "true",
        OP_INCLUDE_ARCHIVE: "true",
        GODEBUG: "x",
        LD_PRELOAD: "",
        XDG_CONFIG_HOME: "/",
      },
      ...{ HTTPS_PROXY: "http://127.0.0.1:1", BASH_ENV: "/evil", ENV: "/evil" },
    };
    for (const [name, value] of Object.entries(hostile)) vi.stubEnv(name, value);
    await store().authKey("alice", quiet);
    const names = (await op.saw("environment")).split("\n").map((line) => line.split("=")[0] ?? "");
    const own = ["OP_SERVICE_ACCOUNT_TOKEN", "OP_CACHE", "OP_CONFIG_DIR", "OP_BIOMETRIC_UNLOCK_ENABLED"];
    const network = ["PATH", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"];
    const all = [...own, ...network, "OP_LOAD_DESKTOP_APP_SETTINGS", "HOME", "LC_ALL", "GOTRACEBACK"];
    // What the fixture's own shell adds.
    expect(names.filter((name) => ![...all, "PWD", "_", "OLDPWD", "SHLVL", ""].includes(name))).toEqual([]);
    expect(await op.saw("environment")).toMatch(/^OP_CACHE=false$/m);
  });

  it("leaves no file behind [FR-015]", async () => {
    const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith("devbox-ctl-op-"));
    await store().authKey("alice", quiet);
    await op.mood("deleted");
    await refused();
    expect(left()).toEqual([]);
  });
});

describe("what op says when there is no key to be had", () => {
  it.each([
    ["a vault that is not there", { vault: "Nope" }, "", "SECRETS_NO_VAULT", /"Nope" isn't a vault/],
    ["a service account that was deleted", {}, "deleted", "SECRETS_BAD_TOKEN", /has been deleted/],
    ["a token that was replaced", {}, "replaced", "SECRETS_BAD_TOKEN", /not compatible/],
    ["a token that was cut off", { token: `ops_${"a".repeat(21)}` }, "", "SECRETS_BAD_TOKEN", /DecodeSACredentials/],
    ["no right to it", {}, "forbidden", "SECRETS_FORBIDDEN", /aren't authorized/],
    ["too many requests", {}, "limited", "SECRETS_RATE_LIMITED", /maximum number/],
    ["an end without a word", {}, "silent", "SECRETS_FAILED", /no reason/],
    ["an error of theirs and exit code 0", {}, "quiet", "SECRETS_FAILED", /Internal Server Error/],
    ["secrets and control characters", {}, "indiscreet", "SECRETS_FAILED", /\[secret\].*\\u\{1b\}/],
    ["far too much", {}, "flood", "SECRETS_FAILED", /far more than a key/],
  ])("%s is told, after one read [FR-014] [FR-015]", async (...[, options, mood, code, why]) => {
    await op.mood(mood);
    const error = await refused(options);
    expect(error).toMatchObject({ code, exitCode: 8 });
    expect(error.why).toMatch(why);
    expect(await reads()).toBe(1);
  });

  it("no item, no field, two items, nothing in it, and something else [FR-014]", async () => {
    const keys = store();
    const of = async (user: string) => (await failure(keys.authKey(user, quiet))).code;
    await op.put("DevBox", "carol-tailscale-authkey", KEY, "credential");
    await op.put("DevBox", "dave-tailscale-authkey", KEY);
    await op.put("DevBox", "dave-tailscale-authkey.2", KEY);
    await op.put("DevBox", "erin-tailscale-authkey", " ");
    await op.put("DevBox", "frank-tailscale-authkey", `tskey-api-${CANARY}`);
    await op.put("DevBox", "grace-tailscale-authkey", "");
    expect([await of("bob"), await of("carol"), await of("dave")]).toEqual([
      ...["SECRETS_NO_ITEM", "SECRETS_NO_FIELD", "SECRETS_AMBIGUOUS"],
    ]);
    expect([await of("erin"), await of("frank"), await of("grace")]).toEqual([
      ...["SECRETS_EMPTY", "SECRETS_NOT_A_KEY", "SECRETS_EMPTY"],
    ]);
    expect(await reads()).toBe(6);
  });

  it("says when to try again [FR-014]", async () => {
    await op.mood("limited");
    expect((await refused()).next[0]).toBe("Try again in 58 minutes");
  });

  it("asks three times when nobody answers, and takes an answer that comes late [FR-014]", async () => {
    await op.mood("back");
    expect((await store().authKey("alice", quiet)).reveal()).toBe(KEY);
    expect(await reads()).toBe(3);
    await op.mood("offline");
    expect(await refused()).toMatchObject({ code: "SECRETS_UNREACHABLE" });
    expect(await reads()).toBe(6);
  });

  it("is ended with its children when the time is over, or on Ctrl-C [FR-014]", async () => {
    await op.mood("hang");
    const started = performance.now();
    const error = await refused({ timeout: 700 });
    expect(error).toMatchObject({ code: "SECRETS_UNREACHABLE" });
    expect(error.why).toContain("0.7 s");
    const controller = new AbortController();
    const asked = failure(store().authKey("alice", controller.signal));
    setTimeout(() => {
      controller.abort("INT");
    }, 300);
    expect(await asked).toMatchObject({ code: "INTERRUPTED" });
    expect(performance.now() - started).toBeLessThan(5000);
    await vi.waitFor(() => {
      expect(processesWith(TOKEN)).toEqual([]);
    });
  });

  it("is not waited for when it leaves something behind; that is ended [FR-014]", async () => {
    await op.mood("leaves");
    expect((await store({ timeout: 5000 }).authKey("alice", quiet)).reveal()).toBe(KEY);
    await vi.waitFor(() => {
      expect(processesWith(TOKEN)).toEqual([]);
    });
  });

  it("is told how to be had when it is not here [FR-014]", async () => {
    for (const command of ["/none/op", "dbxtest-no-such-op", "/etc/passwd"]) {
      const error = await refused({ command });
      expect(error).toMatchObject({ code: "SECRETS_NOT_SET_UP" });
      expect(error.next.join()).toMatch(/Install it.*secrets\.op.*provider: onepassword/);
    }
  });
});
