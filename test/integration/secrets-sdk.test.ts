import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect, promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createSdkReader } from "../../src/adapters/onepassword/sdk.ts";
import { createOnePassword } from "../../src/adapters/onepassword/store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { CANARY, testToken } from "../support/secrets.ts";

// 1Password's real SDK, built into the program and from source. Its servers cannot be reached from everywhere; a token
// names the server that it belongs to, so a server of ours answers in their place, as far as refusals go.

const ROOT = path.resolve(import.meta.dirname, "../..");
const PROGRAMS = [
  ["as it is built", path.join(ROOT, "dist/onepassword.cjs")],
  ["from source", path.join(ROOT, "src/adapters/onepassword/sdk-program.ts")],
] as const;
const quiet = new AbortController().signal;
let dir: string;
let hasOpenssl = true;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "dbxtest-sdk-"));
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", path.join(dir, "key.pem"), "-out", path.join(dir, "cert.pem")];
  const made = promisify(execFile)("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...names]);
  hasOpenssl = await made.then(
    () => true,
    () => false,
  );
});
beforeEach((ctx) => {
  ctx.skip(!hasOpenssl, "no openssl here, for the certificate of a server of ours");
  vi.stubEnv("NODE_EXTRA_CA_CERTS", path.join(dir, "cert.pem"));
  for (const name of ["HTTPS_PROXY", "https_proxy"]) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A 1Password that answers everything with one status; none: it says nothing at all. */
class Answering implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async with(status?: number, body = "<html>"): Promise<Answering> {
    const [key, cert] = await Promise.all(["key.pem", "cert.pem"].map((name) => readFile(path.join(dir, name))));
    const server = createServer({ key, cert }, (request, response) => {
      answering.asked.push(`${String(request.method)} ${String(request.url)}`);
      if (status === undefined) return;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body);
    });
    const answering = new Answering(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return answering;
  }

  get address(): string {
    return `https://localhost:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function failure(
  program: string,
  token: string,
  { timeout = 20_000, signal = quiet } = {},
): Promise<DevboxError> {
  const sources = { environment: new Secret(token), credentials: undefined, tokenFile: null, read: () => undefined };
  const reader = createSdkReader(program);
  const keys = createOnePassword({ vault: "DevBox", timeout, clock: systemClock, reader, token: sources });
  const error: unknown = await keys.authKey("alice", signal).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DevboxError)) throw new Error(`no DevboxError: ${inspect(error)}`);
  const shown = [inspect(error, { depth: 9 }), error.stack, error.message, error.why, ...error.next].join();
  for (const secret of [CANARY, token]) expect(shown).not.toContain(secret);
  return error;
}

describe.each(PROGRAMS)("1Password's SDK %s", (_, program) => {
  it.each([
    [401, "SECRETS_BAD_TOKEN", "you are not authenticated"],
    [403, "SECRETS_BAD_TOKEN", "you don't have the right permissions"],
    [429, "SECRETS_RATE_LIMITED", "rate limit exceeded"],
    [500, "SECRETS_FAILED", "internal server error"],
    [503, "SECRETS_FAILED", "503 Service Unavailable"],
    [200, "SECRETS_FAILED", "deserializing"],
  ])("is answered with %i once: %s [FR-014] [FR-015]", async (status, code, words) => {
    await using server = await Answering.with(status);
    const error = await failure(program, testToken(server.address));
    expect(error.why).toContain(words);
    expect(error).toMatchObject({ code, exitCode: 8 });
    expect(server.asked).toEqual(["POST /api/v3/auth/start"]);
  });

  it.each([
    [`ops_${"a".repeat(40)}`, "deserialization failed"],
    [`ops_${Buffer.from(`{"canary":"${CANARY}"}`).toString("base64url")}`, "service account token"],
    [testToken("localhost:1"), "bad data provided to builder"],
  ])("takes no malformed token [FR-045] [FR-015]", async (token, words) => {
    const started = performance.now();
    const error = await failure(program, token);
    expect(error).toMatchObject({ code: "SECRETS_BAD_TOKEN" });
    expect(error.why).toContain(words);
    // It is refused without a look at the network.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("is refused a connection three times [FR-014]", async () => {
    const error = await failure(program, testToken("https://localhost:1"));
    expect(error).toMatchObject({ code: "SECRETS_UNREACHABLE" });
    expect(error.why).toContain("error sending request");
    expect(error.next[0]).toMatch(/network and name service/);
  });

  it("does not trust a server that it does not know [FR-015]", async () => {
    vi.stubEnv("NODE_EXTRA_CA_CERTS", undefined);
    await using server = await Answering.with(200);
    expect(await failure(program, testToken(server.address))).toMatchObject({ code: "SECRETS_UNREACHABLE" });
    expect(server.asked).toEqual([]);
  });

  it("is given up when the time is over, and on Ctrl-C, whatever it is doing [FR-014]", async () => {
    await using server = await Answering.with();
    const started = performance.now();
    const error = await failure(program, testToken(server.address), { timeout: 1500 });
    expect(error).toMatchObject({ code: "SECRETS_UNREACHABLE" });
    expect(error.why).toContain("1.5 s");
    const controller = new AbortController();
    const asked = failure(program, testToken(server.address), { signal: controller.signal });
    await vi.waitFor(
      () => {
        expect(server.asked.length).toBe(2);
      },
      { timeout: 10_000 },
    );
    controller.abort("INT");
    expect(await asked).toMatchObject({ code: "INTERRUPTED" });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe("the program that reads by the SDK", () => {
  const TOKEN = testToken("https://localhost:1");
  /** A program in its place; it writes down what it is given. */
  async function inItsPlace(does: string): Promise<{ program: string; saw: () => Promise<string> }> {
    const program = path.join(dir, "program.cjs");
    const seen = path.join(dir, "seen.json");
    const given = "{ argv: process.argv.slice(2), execArgv: process.execArgv, env: process.env, asked }";
    const text = `const fs = require("node:fs"); const asked = JSON.parse(fs.readFileSync(0, "utf8"));
      fs.writeFileSync(${JSON.stringify(seen)}, JSON.stringify(${given})); ${does}`;
    await writeFile(program, text);
    return { program, saw: () => readFile(seen, "utf8") };
  }

  it("is given the token on standard input, and nowhere else [FR-014] [FR-015]", async () => {
    for (const name of ["OP_CONNECT_TOKEN", "NODE_OPTIONS_X", "OP_SESSION_x"]) vi.stubEnv(name, "evil");
    vi.stubEnv("NODE_OPTIONS", "--require=/none/evil.js");
    const { program, saw } = await inItsPlace(`console.log(JSON.stringify({ value: "tskey-auth-k${CANARY}" }))`);
    const sources = { environment: new Secret(TOKEN), credentials: undefined, tokenFile: null, read: () => undefined };
    const options = { vault: "DevBox", timeout: 20_000, clock: systemClock, reader: createSdkReader(program) };
    const key = await createOnePassword({ ...options, token: sources }).authKey("alice", quiet);
    expect(key.reveal()).toBe(`tskey-auth-k${CANARY}`);
    const { asked, ...rest } = JSON.parse(await saw()) as { asked: unknown };
    expect(asked).toEqual({ token: TOKEN, reference: "op://DevBox/alice-tailscale-authkey/password" });
    expect(JSON.stringify(rest)).not.toContain(TOKEN);
    expect(JSON.stringify(rest)).not.toContain("evil");
  });

  it.each([
    ["crashes with all it knows", "console.error(asked); throw new Error(JSON.stringify(asked))"],
    ["says nothing", ""],
    ["says something else", "console.log(JSON.stringify([asked]))"],
    ["says what is not JSON", "console.log(asked.token)"],
    ["gives a key that is no text", "console.log('{\"value\":{}}')"],
    ["is killed", "process.kill(process.pid, 'SIGSEGV')"],
    ["talks without end", "for (;;) fs.writeSync(1, asked.token)"],
  ])("that %s has given no key, and its secrets stay its own [FR-015]", async (_, does) => {
    const { program } = await inItsPlace(does);
    expect(await failure(program, TOKEN)).toMatchObject({ code: "SECRETS_FAILED" });
  });

  it("that is not there is said to be so [FR-014]", async () => {
    expect(await failure(path.join(dir, "none.cjs"), TOKEN)).toMatchObject({ code: "SECRETS_FAILED" });
  });
});

it("is in no file that other commands read [FR-014]", async () => {
  const read = (file: string) => readFile(path.join(ROOT, "dist", file), "utf8");
  for (const file of ["main.cjs", "program.cjs", "commands.cjs", "zod.cjs", "yaml.cjs"]) {
    expect(await read(file), file).not.toMatch(/core_bg|sdk-core|secretReference/);
  }
  expect(await read("onepassword.cjs")).toContain("core_bg.wasm");
  expect(existsSync(path.join(ROOT, "dist/core_bg.wasm"))).toBe(true);
});
