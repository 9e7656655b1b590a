import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { DevboxError } from "../../src/core/errors.ts";
import type { ProcessIdentity } from "../../src/core/operation.ts";
import { GIB } from "../../src/core/size.ts";
import type { LeaseRequest, Ledger, NewBox, OperationStart } from "../../src/ports/ledger.ts";
import { SPEC_VERSION } from "../../src/core/spec-text.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const dead = new Set<number>();
const isAlive = (holder: ProcessIdentity) => !dead.has(holder.pid);
let dir: string;
let ledgers: Ledger[];

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-ledger-"));
  ledgers = [];
  dead.clear();
});
afterEach(() => {
  for (const ledger of ledgers) ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(limits: Partial<Config["limits"]> = {}): Ledger {
  const ledger = openLedger({
    stateDir: dir,
    config: { ...DEFAULTS, limits: { ...DEFAULTS.limits, ...limits } },
    isAlive,
  });
  ledgers.push(ledger);
  return ledger;
}

const box = (name: string, change: Partial<NewBox> = {}): NewBox => ({
  id: `id-${name}`,
  name,
  owner: "alice",
  desired: "running",
  createdAt: NOW,
  spec: {
    ...{ version: SPEC_VERSION, image: "i", cpus: 1, memory: 4 * GIB, pids: 1 },
    ...{ home: `${name}-home`, private: `${name}-private`, idmap: null, services: [], readOnly: false },
  },
  ...change,
});
const operation = (id: string, kind: OperationStart["kind"] = "create", now = NOW): OperationStart => ({
  id,
  kind,
  input: {},
  now,
});
const lease = (pid: number, command = "create x"): LeaseRequest => ({
  holder: { pid, startTicks: "5", bootId: "boot" },
  command,
  caller: { user: "alice", uid: 1000, admin: false, via: "local" as const },
  now: NOW,
});
const plenty = { free: () => ({ memory: 999 * GIB, disk: 999 * GIB }) };

/** Takes a slot as `create` does and finishes at once. */
function put(ledger: Ledger, name: string, change: Partial<NewBox> = {}): void {
  const entered = box(name, change);
  ledger.reserve(entered, operation(`op-${name}`), lease(1), plenty);
  ledger.finish(`op-${name}`, entered.id, { phase: "ready" });
  ledger.releaseLease(entered.id, lease(1).holder);
}

function thrown(act: () => unknown): DevboxError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error as DevboxError;
  }
}

describe("a slot", () => {
  it("is taken with name, lease and journal in one go, or not at all [X-08]", () => {
    const ledger = open({ perUser: 1 });
    ledger.reserve(box("api"), operation("op"), lease(7), plenty);
    expect(ledger.boxByName("api")).toMatchObject({ phase: "creating", desired: "running", spec: { memory: 4 * GIB } });
    expect(ledger.operationOn("id-api")).toMatchObject({ id: "op", kind: "create", steps: [] });
    expect(ledger.leaseOn("id-api")).toMatchObject({ holder: { pid: 7 }, command: "create x" });
    expect(thrown(() => ledger.reserve(box("web"), operation("op2"), lease(8), plenty))?.code).toBe("LIMIT_PER_USER");
    expect([ledger.boxByName("web"), ledger.operationOn("id-web"), ledger.leaseOn("id-web")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is free again when its box is removed, with all that hangs on it [X-08]", () => {
    const ledger = open({ perUser: 1 });
    ledger.reserve(box("api"), operation("op"), lease(7), plenty);
    ledger.beginStep("op", "volumes");
    ledger.finish("op", "id-api", "remove");
    expect([ledger.boxes(), ledger.operations(), ledger.leases()]).toEqual([[], [], []]);
    put(ledger, "web");
  });

  it("counts for its owner and for the host, stopped boxes too [FR-032] [FR-033]", () => {
    const ledger = open({ perUser: 2, global: 3 });
    put(ledger, "one", { desired: "stopped" });
    put(ledger, "two");
    expect(thrown(() => put(ledger, "six"))).toMatchObject({
      code: "LIMIT_PER_USER",
      exitCode: 6,
      message: expect.stringContaining("one, two") as unknown,
    });
    put(ledger, "bobs", { owner: "bob" });
    expect(thrown(() => put(ledger, "more", { owner: "bob" }))?.code).toBe("LIMIT_GLOBAL");
  });

  it("counts only running boxes when told so, and then a start takes it [FR-032] [FR-033]", () => {
    const ledger = open({ perUser: 1, counts: "running" });
    put(ledger, "one");
    put(ledger, "two", { desired: "stopped" });
    put(ledger, "three", { desired: "stopped" });
    const start = () => ledger.begin("id-two", operation("start", "start"), { desired: "running" }, plenty);
    expect(thrown(start)).toMatchObject({
      code: "LIMIT_PER_USER",
      why: expect.stringContaining("Only running") as unknown,
    });
    expect(ledger.boxByName("two")?.desired).toBe("stopped");
    expect(ledger.operationOn("id-two")).toBeUndefined();
    ledger.update("id-one", { desired: "stopped" });
    start();
    expect(ledger.boxByName("two")?.desired).toBe("running");
  });

  it("that is there already is not counted against its own start [FR-032]", () => {
    const ledger = open({ perUser: 1, global: 1 });
    put(ledger, "one", { desired: "stopped" });
    ledger.begin("id-one", operation("start", "start"), { desired: "running" }, plenty);
    expect(ledger.operations()).toHaveLength(1);
  });

  it("is refused for a name that anyone has, without saying who [FR-030]", () => {
    const ledger = open();
    put(ledger, "api", { owner: "bob" });
    const error = thrown(() => ledger.reserve(box("api", { id: "other" }), operation("op"), lease(1), plenty));
    expect(error).toMatchObject({ code: "NAME_TAKEN", exitCode: 5 });
    expect([error?.message, error?.why, ...(error?.next ?? [])].join("\n")).not.toContain("bob");
  });

  it("leaves the host its memory, with what is promised to boxes that are starting [X-08]", () => {
    const ledger = open();
    const slot = { free: () => ({ memory: 10 * GIB, disk: 99 * GIB }) };
    ledger.reserve(box("one"), operation("op1"), lease(11), slot);
    ledger.reserve(box("two"), operation("op2"), lease(12), slot);
    const third = () => ledger.reserve(box("three"), operation("op3"), lease(13), slot);
    expect(thrown(third)).toMatchObject({
      code: "HOST_MEMORY",
      exitCode: 10,
      why: expect.stringContaining("8 GiB of it promised") as unknown,
    });
    ledger.reserve(box("cold", { desired: "stopped" }), operation("op4"), lease(14), slot);
    // A process that is gone starts nothing any more.
    dead.add(12);
    third();
  });
});

describe("a lease", () => {
  it("is held by one, and whoever comes second is told by whom, for what and since when", () => {
    const ledger = open();
    put(ledger, "api");
    ledger.takeLease("id-api", lease(4711, "destroy api"));
    const error = thrown(() => ledger.takeLease("id-api", { ...lease(12), now: NOW + 3 * 60_000 }));
    expect(error).toMatchObject({ code: "BUSY", exitCode: 75, message: "another command is working on api." });
    expect(error?.why).toBe("destroy api, by alice, process 4711, since 3 min ago.");
    expect(error?.next).not.toHaveLength(0);
  });

  it("of a process that is gone is nobody's", () => {
    const ledger = open();
    put(ledger, "api");
    ledger.takeLease("id-api", lease(4711));
    dead.add(4711);
    ledger.takeLease("id-api", lease(12, "stop api"));
    expect(ledger.leaseOn("id-api")).toMatchObject({ holder: { pid: 12 }, command: "stop api" });
  });

  it("is given back only by its holder", () => {
    const ledger = open();
    put(ledger, "api");
    ledger.takeLease("id-api", lease(4711));
    for (const other of [{ pid: 1 }, { startTicks: "6" }, { bootId: "other" }]) {
      ledger.releaseLease("id-api", { ...lease(4711).holder, ...other });
      expect(ledger.leaseOn("id-api")?.holder.pid).toBe(4711);
    }
    ledger.releaseLease("id-api", lease(4711).holder);
    expect(ledger.leases()).toEqual([]);
  });

  it("on a box that is gone is no lease", () => {
    expect(thrown(() => open().takeLease("id-none", lease(1)))).toMatchObject({ code: "BOX_NOT_FOUND", exitCode: 3 });
  });
});

describe("the journal", () => {
  it("keeps steps in the order in which they were begun, and what was done", () => {
    const ledger = open();
    ledger.reserve(box("api"), operation("op"), lease(1), plenty);
    for (const step of ["volumes", "container", "ready"]) ledger.beginStep("op", step);
    ledger.endStep("op", "volumes", "id-api");
    ledger.endStep("op", "container", "id-api", { containerId: "c0ffee" });
    ledger.beginStep("op", "volumes");
    expect(ledger.operationOn("id-api")?.steps).toEqual([
      { name: "volumes", done: true },
      { name: "container", done: true },
      { name: "ready", done: false },
    ]);
    expect(ledger.boxByName("api")?.containerId).toBe("c0ffee");
  });

  it("lists operations oldest first, with why the last try failed", () => {
    const ledger = open();
    for (const [name, age] of [
      ["new", 1],
      ["old", 3],
      ["mid", 2],
    ] as const) {
      ledger.reserve(box(name), operation(`op-${name}`, "create", NOW - age), lease(1), plenty);
    }
    ledger.failOperation("op-mid", "no luck");
    expect(ledger.operations().map(({ id, error }) => [id, error])).toEqual([
      ["op-old", undefined],
      ["op-mid", "no luck"],
      ["op-new", undefined],
    ]);
  });

  it("holds one operation on a box at a time", () => {
    const ledger = open();
    ledger.reserve(box("api"), operation("op"), lease(1), plenty);
    expect(thrown(() => ledger.begin("id-api", operation("op2", "stop"), {}))).toBeInstanceOf(Error);
    expect(ledger.operations()).toHaveLength(1);
  });

  it("is read the same by another process after a restart", () => {
    const ledger = open();
    ledger.reserve(box("api"), operation("op"), lease(1), plenty);
    ledger.beginStep("op", "volumes");
    const seen = [ledger.boxes(), ledger.operations(), ledger.leases()];
    const again = open();
    expect([again.boxes(), again.operations(), again.leases()]).toEqual(seen);
    again.check();
  });
});

const src = (file: string) => JSON.stringify(pathToFileURL(path.resolve(import.meta.dirname, "../../src", file)).href);

/** A process that tries to take slots and tells what came of each, then waits until it is let go. */
const CHILD = `
const [{ openLedger }, { DEFAULTS }, { createHost }, { systemClock }] = await Promise.all([
  import(${src("adapters/sqlite/ledger.ts")}), import(${src("core/config/defaults.ts")}),
  import(${src("adapters/system/host.ts")}), import(${src("adapters/system/clock.ts")})]);
const { dir, limits, boxes, memory } = JSON.parse(process.env.JOB);
const host = createHost(systemClock);
const config = { ...DEFAULTS, limits: { ...DEFAULTS.limits, ...limits } };
const ledger = openLedger({ stateDir: dir, config, isAlive: (holder) => host.isAlive(holder) });
const results = boxes.map((box) => {
  const request = { holder: host.self(), command: "create", caller: { user: box.owner, uid: 1, admin: false, via: "local" }, now: 1 };
  try {
    ledger.reserve(box, { id: "op-" + box.id, kind: "create", input: {}, now: 1 }, request, { free: () => ({ memory, disk: undefined }) });
    return "taken";
  } catch (error) { return error.code ?? String(error); }
});
console.log(JSON.stringify(results));
process.stdin.resume();
process.stdin.on("end", () => ledger.close());
`;

interface Job {
  readonly limits: Partial<Config["limits"]>;
  readonly boxes: readonly NewBox[];
  readonly memory: number;
}

/** Runs jobs in processes of their own, all at once; all stay alive until the last has tried. */
async function race(jobs: readonly Job[]): Promise<string[]> {
  const children = jobs.map((job) => {
    const env = { PATH: process.env.PATH, JOB: JSON.stringify({ ...job, dir }) };
    return spawn(process.execPath, ["--input-type=module", "-e", CHILD], { env, stdio: ["pipe", "pipe", "inherit"] });
  });
  const answers = children.map(async (child) => {
    const first = new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
    const all = text(child.stdout);
    await first;
    return { child, all };
  });
  const results: string[] = [];
  for (const { child, all } of await Promise.all(answers)) {
    child.stdin.end();
    results.push(...(JSON.parse(await all) as string[]));
  }
  return results;
}

const tally = (results: readonly string[]) =>
  Object.fromEntries(
    [...new Set(results)].sort().map((result) => [result, results.filter((r) => r === result).length]),
  );

describe("many processes at once", () => {
  const PROCESSES = 6;
  const jobs = (make: (process: number, n: number) => NewBox, tries: number, rest: Partial<Job> = {}): Job[] =>
    Array.from({ length: PROCESSES }, (_, p) => ({
      limits: {},
      memory: 999 * GIB,
      ...rest,
      boxes: Array.from({ length: tries }, (_none, n) => make(p, n)),
    }));

  it("never take more slots than there are, and every loser is told the limit [FR-032] [FR-033] [X-08]", async () => {
    const make = (p: number, n: number) => box(`box-${p}-${n}`, { owner: ["alice", "bob", "carol"][p % 3]! });
    const results = await race(jobs(make, 10, { limits: { perUser: 5, global: 7 } }));
    expect(results).toHaveLength(60);
    const { taken, ...lost } = tally(results);
    expect(taken).toBe(7);
    expect(Object.keys(lost).filter((code) => code !== "LIMIT_GLOBAL" && code !== "LIMIT_PER_USER")).toEqual([]);
    const owners = tally(
      open()
        .boxes()
        .map((b) => b.owner),
    );
    expect(Math.max(...Object.values(owners))).toBeLessThanOrEqual(5);
  });

  it("take a name once [FR-030]", async () => {
    const results = await race(jobs((p, n) => box("same", { id: `id-${p}-${n}`, owner: `user${p}` }), 1));
    expect(tally(results)).toEqual({ taken: 1, NAME_TAKEN: PROCESSES - 1 });
  });

  it("are not promised the same memory [X-08]", async () => {
    const results = await race(jobs((p, n) => box(`box-${p}-${n}`, { owner: `user${p}` }), 1, { memory: 10 * GIB }));
    expect(tally(results)).toEqual({ taken: 2, HOST_MEMORY: PROCESSES - 2 });
  });

  it("make one ledger when there is none", async () => {
    const results = await race(jobs((p, n) => box(`box-${p}-${n}`, { owner: `user${p}` }), 1));
    expect(tally(results)).toEqual({ taken: PROCESSES });
    open().check();
  });
});
