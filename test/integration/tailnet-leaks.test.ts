import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesWith } from "../fixtures/bad-podman/refusal.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { tailnetImage } from "../support/image.ts";
import { hunt, needlesFor, stampAt, watch, type Grounds, type Needles, type Watch } from "../support/leaks.ts";
import { podman, podmanOk, removeTestObjects } from "../support/podman.ts";
import { fakeOp, testToken, type FakeOp } from "../support/secrets.ts";
import { testTailnet, type TestTailnet } from "../support/tailnet.ts";
import { waitFor } from "../support/wait.ts";

// The hunt for what keys leave behind: through everything that is done with one, what goes wrong on the way, and all
// that makes programs talk. It first proves that it would find a key in each place that it looks at.

const me = userInfo().username;
const ITEM = `${me}-tailscale-authkey`;
const isRoot = process.getuid?.() === 0;
const TOKEN = testToken("my.1password.com");
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];

let tailnet: TestTailnet;
let op: FakeOp;
let cli: TestCli;
/** Where programs run that may leave a core or a report, and the secrets that have to be in a file. */
let cores: string;
let secrets: string;
let grounds: Grounds;
let needles: Needles[];
let watches: Watch[];
let good: string;
const said: string[] = [];

/** What makes Node, oclif and libraries talk, and Node leave reports. */
const TALKATIVE = {
  DEBUG: "*",
  NODE_DEBUG: "*",
  NODE_DEBUG_NATIVE: "*",
  NODE_OPTIONS: "--report-on-fatalerror --report-uncaught-exception --report-on-signal --trace-uncaught",
};

beforeAll(async () => {
  tailnet = await testTailnet();
  op = await fakeOp();
  secrets = await mkdtemp("/tmp/dbxtest-token-");
  cores = await mkdtemp("/tmp/dbxtest-cores-");
  await writeFile(path.join(secrets, "token"), TOKEN, { mode: 0o600 });
  await stampAt(path.join(secrets, "stamp"));
  // Podman itself tells all that it does.
  await writeFile(path.join(secrets, "podman"), '#!/bin/sh\nexec podman --log-level=debug "$@"\n');
  await chmod(path.join(secrets, "podman"), 0o755);
  cli = await testCli({ env: TALKATIVE });
  await patience(60);
  good = (await tailnet.headscale.boxKey(me)).key;
  await op.put("DevBox", ITEM, good);
  needles = [
    needlesFor("key", good),
    needlesFor("token", randomPart(TOKEN)),
    needlesFor("api-key", tailnet.headscale.key),
    // Of a shape that headscale refuses.
    needlesFor("bad-key", BAD),
  ];
  const opDir = path.dirname(op.op);
  grounds = {
    dirs: [cli.home, cores],
    shared: ["/tmp", "/var/tmp", "/dev/shm", "/run/user", "/var/log", "/var/crash", "/var/lib/systemd/coredump"],
    stamp: path.join(secrets, "stamp"),
    except: [tailnet.headscale.dir, tailnet.keys, opDir, secrets],
    texts: {},
  };
  watches = await Promise.all([watch(needles), ...(isRoot ? [watch(needles, NOBODY)] : [])]);
});

const BAD = `hskey-auth-canaryCANARY-${randomBytes(32).toString("hex")}`;

afterAll(async () => {
  // What the stand-in for op leaves when it is told to hang.
  for (const pid of processesWith(TOKEN)) process.kill(Number(pid), "SIGKILL");
  await removeTestObjects();
  await Promise.all([cli.remove(), tailnet.remove(), op[Symbol.asyncDispose]()]);
  for (const dir of [secrets, cores]) await rm(dir, { recursive: true, force: true });
});

/** 64 characters of a token that no other test's token has: its `srpX`, as far as it can be told in base64. */
function randomPart(token: string): string {
  const start = token.indexOf("_") + 1;
  const letters = Buffer.from(token.slice(start), "base64url").indexOf('"srpX":"') + 8;
  const at = start + Math.ceil(letters / 3) * 4;
  return token.slice(at, at + 64);
}

/** Writes the configuration. @param seconds that boxes wait for the control plane */
async function patience(seconds: number): Promise<void> {
  await cli.writeConfig({
    image: await tailnetImage(),
    engine: { path: path.join(secrets, "podman") },
    limits: { perUser: 50, global: 50, memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } },
    secrets: { provider: "op-cli", op: op.op, tokenFile: path.join(secrets, "token"), timeout: 15 },
    tailnet: { ...(tailnet.config.tailnet as object), timeout: seconds },
  });
}

/** Runs a command and keeps all that it says. */
async function run(...args: string[]): Promise<number> {
  const { stdout, stderr, exitCode } = await cli.run(args, { cwd: cores });
  said.push(stdout, stderr);
  return exitCode;
}

/** Runs a command that must succeed. */
async function ok(...args: string[]): Promise<void> {
  const exitCode = await run(...args);
  const lines = said.slice(-2).join("\n").split("\n");
  const told = lines.filter((line) => !/level=debug|^\S+ oclif|^\s*at /.test(line)).slice(-40);
  expect(exitCode, `${args.join(" ")}: ${told.join("\n")}`).toBe(0);
}

/** Begins a command whose core files would be written here. */
function begin(...args: string[]) {
  return execa("sh", ["-c", 'ulimit -c unlimited; exec "$@"', "sh", ...cli.argv, ...args], {
    reject: false,
    extendEnv: false,
    env: cli.env,
    cwd: cores,
    stdin: "ignore",
  });
}

async function crash(
  child: ReturnType<typeof begin>,
  signal: NodeJS.Signals,
  when: () => Promise<unknown>,
): Promise<void> {
  await waitFor(when, 60_000);
  child.kill(signal);
  const { stdout, stderr } = await child;
  said.push(stdout, stderr);
}

const containerOf = async (name: string): Promise<string> =>
  ((await cli.json(["status", name])) as { box: { containerId: string } }).box.containerId;
const inBox = async (id: string, script: string): Promise<string> =>
  (await podman(["exec", id, "sh", "-c", script])).stdout;
/** The box's tailscale is at a control plane that does not answer, with the key. */
const isLoggingIn = async (name: string) => {
  const id = (await podmanOk(["ps", "--quiet", "--no-trunc", "--filter", `label=devbox-ctl.box=${name}`])).trim();
  expect(await inBox(id, "pgrep -x tailscale; ls /proc/$(pgrep -ox tailscale)/fd")).toMatch(/^8$/m);
  return id;
};
/** Nothing of a login is left but the lock, and nobody has a file open that has no name. */
const isClean = async (id: string) => {
  expect(await inBox(id, "ls -A /run/devbox; find /proc/[0-9]*/fd -lname '/run/devbox/*(deleted)' 2>/dev/null")).toBe(
    "tailnet.lock",
  );
};

describe("the hunt", () => {
  it("finds what is planted, in each place that it looks at", { timeout: 180_000 }, async () => {
    const secret = `hskey-auth-planted00000-${randomBytes(32).toString("hex")}`;
    const planted = needlesFor("planted", secret);
    const watching = await Promise.all([watch([planted]), ...(isRoot ? [watch([planted], NOBODY)] : [])]);
    const [box, volume] = [testName("plant"), testName("plant")];
    const script = 'echo "$SECRET" >/dev/shm/run; echo "$SECRET" >/etc/layer; cat /etc/layer; exec sleep 600';
    await podmanOk([
      ...["run", "--detach", "--name", box, "--env", `SECRET=${secret}`, "--label", `said=${secret}`],
      ...["--volume", `${volume}:/volume`, "--tmpfs", "/run", "--entrypoint", "sh", await tailnetImage(), "-c", script],
    ]);
    await podmanOk(["exec", "-i", box, "sh", "-c", "cat >/run/memory"], { input: Buffer.from(secret).toString("hex") });
    await podmanOk(["exec", "-i", box, "sh", "-c", "cat >/volume/state"], {
      // As tailscaled keeps its state: base64 in JSON.
      input: JSON.stringify({ state: Buffer.from(`{"AuthKey":"${secret}"}`).toString("base64") }),
    });
    const files = ["/tmp", "/var/tmp", "/dev/shm", cores, cli.home].map((dir) => path.join(dir, testName("plant")));
    for (const file of files) await writeFile(file, secret.slice(30, 60));
    const log = new DatabaseSync(path.join(cli.home, "planted.db"));
    log.exec(`PRAGMA journal_mode = WAL; CREATE TABLE a (b TEXT); INSERT INTO a VALUES ('${secret}')`);

    const found = await hunt([planted], { ...grounds, texts: { output: `error: ${secret}` } });
    log.close();
    for (const file of [...files, path.join(cli.home, "planted.db")]) await rm(file, { force: true });
    for (const suffix of ["-wal", "-shm"]) await rm(path.join(cli.home, `planted.db${suffix}`), { force: true });
    const seen = await Promise.all(watching.map((each) => each.end()));
    await podmanOk(["rm", "--force", "--time", "0", box]);
    await podmanOk(["volume", "rm", volume]);

    const places = found.map((line) => line.replace("planted in ", ""));
    for (const place of ["output", "podman inspect", "podman logs", "podman events", ...files])
      expect([place, places]).toEqual([place, expect.arrayContaining([place])]);
    for (const part of [/planted\.db-wal$/, /\/volume[s]?\/.*state$/, /diff\/etc\/layer$/, /:\/run\/memory$/])
      expect([part, places.filter((place) => part.test(place)).length > 0]).toEqual([part, true]);
    expect(seen[0]?.seen).toEqual(expect.arrayContaining([expect.stringMatching(/^planted environ /) as string]));
    for (const each of seen)
      expect(each.seen).toEqual(expect.arrayContaining([expect.stringMatching(/^planted cmdline /) as string]));
    if (isRoot) expect(seen[1]?.seen.filter((line) => line.startsWith("planted environ"))).toEqual([]);
  });

  it("would find a core file, and our program leaves none", { timeout: 60_000 }, async (ctx) => {
    const secret = `hskey-auth-planted00000-${randomBytes(32).toString("hex")}`;
    const script = "const t = require('fs').readFileSync(0, 'utf8'); process.kill(process.pid, 'SIGSEGV'); t";
    const start = 'ulimit -c unlimited; exec "$@"';
    const away = path.join(cores, "planted");
    await mkdir(away);
    const settings = { cwd: away, input: secret, reject: false } as const;
    await execa("sh", ["-c", start, "sh", process.execPath, "-e", script], settings);
    const left = await readdir(away);
    const found = await hunt([needlesFor("planted", secret)], grounds);
    await rm(away, { recursive: true });
    ctx.skip(left.length === 0, "this machine writes no core files");
    expect(found).toEqual([expect.stringContaining("/planted/core")]);
  });
});

describe("a box's key", () => {
  const name = testName("leak");
  let id: string;

  it("goes through create, start, rotate-key and what asks after it", { timeout: 180_000 }, async () => {
    await ok("create", name, "--additional", "--json");
    id = await containerOf(name);
    await isClean(id);
    await ok("rotate-key", name);
    await isClean(id);
    const [node] = await tailnet.headscale.nodes();
    await tailnet.headscale.deleteNode(node?.id ?? "");
    await ok("start", name, "--json");
    await ok("restart", name);
    await isClean(id);
    for (const args of [["status", name], ["list"], ["tailnet", "status"], ["config", "show"], ["doctor"]]) {
      await run(...args);
      await run(...args, "--json");
    }
    await run("logs", name, "--service", "tailscaled");
    await run("exec", name, "--", "env");
  });

  it("goes through logins that fail: refused, with other tags, with nobody there", { timeout: 180_000 }, async () => {
    await op.put("DevBox", ITEM, BAD);
    expect(await run("rotate-key", name, "--json")).toBe(9);
    expect(await run("create", testName("no"), "--additional")).toBe(9);
    const other = await tailnet.headscale.authKey({ tags: ["tag:devcontainer"] });
    needles.push(needlesFor("other-key", other.key));
    await op.put("DevBox", ITEM, other.key);
    expect(await run("rotate-key", name)).toBe(9);
    expect(await run("create", testName("no"), "--additional", "--json")).toBe(9);
    await isClean(id);
    // The vault has what does not belong there, and 1Password's program says more than it should.
    await op.put("DevBox", ITEM, TOKEN);
    expect(await run("rotate-key", name)).toBe(8);
    await op.put("DevBox", ITEM, good);
    for (const mood of ["indiscreet", "flood", "quiet"]) {
      await op.mood(mood);
      expect(await run("rotate-key", name, "--json")).toBe(8);
    }
    await op.mood("");
    await tailnet.headscale.stop();
    await patience(5);
    expect(await run("rotate-key", name)).toBe(9);
    expect(await run("create", testName("no"), "--additional", "--json")).toBe(9);
    await isClean(id);
  });

  it("goes through crashes of the program, of its part in the box, and of the box", { timeout: 300_000 }, async () => {
    for (const signal of ["SIGKILL", "SIGSEGV", "SIGABRT"] as const) {
      // While the key is read: op hangs, and is not left behind.
      await op.mood("hang");
      const before = (await op.saw("reads")).length;
      await crash(begin("rotate-key", name), signal, async () =>
        expect((await op.saw("reads")).length).toBeGreaterThan(before),
      );
      await waitFor(async () => expect(await opsLeft()).toEqual([]));
      await op.mood("");
    }
    const box = testName("crash");
    await tailnet.headscale.stop();
    await patience(10);
    await run("create", box, "--additional", "--no-start");
    for (const signal of ["SIGKILL", "SIGSEGV", "SIGABRT"] as const) {
      // While the box has it. The login goes on without us.
      await crash(begin("start", box), signal, () => isLoggingIn(box));
      await waitFor(async () => isClean(await containerOf(box)), 40_000, 500);
    }
    const other = await containerOf(box);
    for (const victim of ["-x tailscale", "-f 'libexec/devbox/tailnet login'"]) {
      const child = begin("start", box, "--json");
      await waitFor(() => isLoggingIn(box), 60_000);
      await inBox(other, `pkill -KILL ${victim}`);
      const { stdout, stderr } = await child;
      said.push(stdout, stderr);
      // By now, and not by the next command: whoever had it open is gone.
      await waitFor(async () => {
        expect(await inBox(other, "find /proc/[0-9]*/fd -lname '/run/devbox/*(deleted)' 2>/dev/null")).toBe("");
      });
      await run("status", box);
      await isClean(other);
    }
    const child = begin("start", box);
    await waitFor(() => isLoggingIn(box), 60_000);
    await podmanOk(["stop", "--time", "0", other]);
    const { stdout, stderr } = await child;
    said.push(stdout, stderr);
    await tailnet.headscale.start();
    await patience(60);
    await ok("start", box);
    await isClean(other);
  });

  it(
    "is nowhere afterwards: in no process, output, file, layer, volume, log, event, core or report [FR-015] [SC-011]",
    { timeout: 180_000 },
    async () => {
      for (const { rounds, seen } of await Promise.all(watches.map((each) => each.end()))) {
        expect(rounds).toBeGreaterThan(200);
        // op is told the token by its environment, and by nothing else it can be told.
        expect(seen.filter((line) => !line.startsWith("token op "))).toEqual([]);
      }
      const output = said.join("\n");
      expect(output).toContain("level=debug");
      expect(output).toContain("oclif");
      expect(await hunt(needles, { ...grounds, texts: { output } })).toEqual([]);
      // What op had for settings was removed by the reads that came after those that were killed.
      expect((await readdir(tmpdir())).filter((file) => file.startsWith("devbox-ctl-op-"))).toEqual([]);
      expect((await readdir(cores)).filter((file) => file.startsWith("core"))).toEqual([]);
      await ok("destroy", name, "--yes");
      expect(await hunt(needles, { ...grounds, texts: { output: said.join("\n") } })).toEqual([]);
    },
  );
});

/** Programs of op's that are still there; those that it starts and leaves are its own. */
async function opsLeft(): Promise<string[]> {
  const lines = await Promise.all(
    processesWith(TOKEN).map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes(op.op));
}
