import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { IMAGE } from "../../src/core/image-contract.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import type { Message } from "../../src/ports/notifier.ts";
import { removeArchive } from "../../src/usecases/archives/remove.ts";
import { restore } from "../../src/usecases/archives/restore.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { destroy } from "../../src/usecases/destroy.ts";
import { handOver } from "../../src/usecases/hand-over.ts";
import { hold } from "../../src/usecases/lifecycle/hold.ts";
import { reap } from "../../src/usecases/reap/reap.ts";
import { session } from "../../src/usecases/session.ts";
import { stop } from "../../src/usecases/start.ts";
import { Homes } from "../fakes/homes.ts";
import { codeOf, createInput, World } from "../fakes/world.ts";
import { tarOf } from "../support/tar.ts";

// Ways in which work could be lost, or a box stopped that is used: see docs/security-attacks.md.

const BEGIN = Date.UTC(2026, 0, 31, 9);
const HOLD = { name: "web", for: "7d", until: undefined, reason: "", zone: "UTC" };
const ARCHIVE = { name: "web", keepVolume: false, archive: { reason: "destroy --archive" } };
const SESSION = { command: undefined, tty: true, env: {}, by: "ssh" } as const;
const UNSET = { as: undefined, cpus: undefined, memory: undefined, image: undefined, start: true };

let world: World;
let homes: Homes;
let deps: Deps;
let told: Message[];

beforeEach(() => {
  world = new World();
  homes = new Homes(world);
  told = [];
  world.channels = [
    {
      name: "webhook",
      deliver: (message) => {
        told.push(message);
        return Promise.resolve();
      },
    },
  ];
  world.config = { ...DEFAULTS, host: { ...DEFAULTS.host, serviceUser: "devbox" }, users: { alice: {}, bob: {} } };
  world.engine.program = ({ argv }) => {
    const isProbe = argv[0] === IMAGE.programs.activity;
    const answer = isProbe ? probe() : { version: 1, complete: true, repositories: [] };
    return { exitCode: 0, stdout: JSON.stringify(answer), stderr: "" };
  };
  deps = person("alice");
});
afterEach(() => {
  world[Symbol.dispose]();
});

/** A box in which nobody does anything. */
function probe(): unknown {
  const uptime = 7200 + (world.now - BEGIN) / SECOND;
  return {
    ...{ version: 1, now: world.now / SECOND, box: { uptime, instance: "boot:1" } },
    ...{ sessions: [], terminals: { open: 1, lastInput: null, lastOutput: null }, agents: [], detached: [], holds: [] },
    workspace: { lastChange: null, path: null, entries: 0, complete: true, future: null },
    cpu: { seconds: 1, source: "cgroup1", processes: 3, groups: [] },
    ...{ codeServer: { lastBeat: null }, unreadable: [] },
  };
}

function person(user: string, pid = 1): Deps {
  return { ...world.process(user, pid), caller: { user, uid: 1000, admin: user === "carol", via: "sudo" } };
}

const account = (): Deps => ({
  ...world.process("devbox", 9),
  caller: { ...deps.caller, user: "devbox", admin: true },
});
const acts = async () =>
  (await reap(account(), { dryRun: false })).reapings.map(({ box, action, outcome }) => [box, action, outcome]);

async function withBox(): Promise<void> {
  const { box } = await create(deps, createInput("web"));
  homes.content.set(box.spec.home, tarOf([["./work", "of weeks"]]));
}

/** The box is idle, and its owner was told in time that it is stopped. */
async function idleAndTold(): Promise<void> {
  await withBox();
  world.pass(5 * DAY + HOUR);
  expect(await acts()).toEqual([["web", "notify", "done"]]);
  world.pass(2 * DAY);
}

/** The box has been stopped for long, and its owner was told in time that it is destroyed. */
async function stoppedAndTold(): Promise<void> {
  await withBox();
  await stop(deps, { name: "web" });
  world.pass(12 * DAY + HOUR);
  expect(await acts()).toEqual([["web", "notify", "done"]]);
  world.pass(2 * DAY);
}

describe("between the decision and the act", () => {
  it("a hold keeps a box whose home is being archived [X-01, X-02]", async () => {
    await stoppedAndTold();
    homes.onPiece = () => {
      hold(person("alice", 2), HOLD);
    };
    expect(await acts()).toEqual([["web", "destroy", "left"]]);
    expect(deps.ledger.boxByName("web")).toMatchObject({ phase: "ready" });
    expect(world.engine.homes.size).toBe(2);
  });

  it.each([
    ["a hold", () => Promise.resolve(hold(person("alice", 2), HOLD))],
    ["a login", () => session(person("alice", 2), { ...SESSION, name: "web" })],
  ])("%s keeps a box whose programs are being asked to end [X-01, X-02]", async (_what, comes) => {
    await idleAndTold();
    const honest = world.engine.runProgram;
    world.engine.runProgram = async (id, call) => {
      if (call.argv[0] === IMAGE.programs.endWork) {
        world.now += 10 * SECOND;
        await comes();
      }
      return honest(id, call);
    };
    expect(await acts()).toEqual([["web", "stop", "left"]]);
    expect(world.engine.calls).not.toContain("stopBox");
  });

  it("an archive that is removed keeps the box [X-04]", async () => {
    await withBox();
    const before = async () => {
      for (const { id } of deps.ledger.archives()) await removeArchive(person("alice", 3), { id });
    };
    expect(await codeOf(destroy(deps, { ...ARCHIVE, before }))).toBe("WRONG_STATE");
    expect(deps.ledger.boxByName("web")).toMatchObject({ phase: "ready" });
    expect(world.engine.homes.size).toBe(2);
  });
});

describe("a reaper that is killed before a stop", () => {
  const killed = async () => {
    await idleAndTold();
    const reaper = { ...world.process("devbox", 7), caller: account().caller };
    world.engine.fault = (call, when) => {
      if (call !== "stopBox" || when !== "before") return;
      world.kill(7);
      throw new Error("killed");
    };
    await reap(reaper, { dryRun: false }).catch(() => undefined);
    world.engine.fault = () => undefined;
    expect(deps.ledger.operations()).toMatchObject([{ kind: "stop" }]);
    world.now += MINUTE;
  };

  it.each([
    ["used", () => session(person("alice", 2), { ...SESSION, name: "web" })],
    ["held", () => Promise.resolve(hold(person("alice", 2), HOLD))],
  ])("does not have a box stopped later that is %s meanwhile [X-01, X-02, X-05]", async (_what, comes) => {
    await killed();
    await comes();
    await reap(account(), { dryRun: false });
    expect(world.engine.calls).not.toContain("stopBox");
    expect(deps.ledger.boxByName("web")).toMatchObject({ desired: "running" });
    expect(deps.ledger.operations()).toEqual([]);
  });

  it("has it stopped by the next run when nobody came [X-05]", async () => {
    await killed();
    await reap(account(), { dryRun: false });
    expect(deps.ledger.boxByName("web")).toMatchObject({ desired: "stopped" });
    expect(world.engine.calls).toContain("stopBox");
  });
});

describe("clocks", () => {
  it("that are set in the middle of a run destroy nothing [X-02]", async () => {
    await withBox();
    await stop(deps, { name: "web" });
    world.pass(12 * DAY + HOUR);
    await acts();
    world.pass(HOUR);
    const boxes = world.engine.boxes.bind(world.engine);
    let isSet = false;
    world.engine.boxes = async () => {
      if (!isSet) {
        isSet = true;
        world.now += 400 * DAY;
        world.bootedAt += 400 * DAY;
      }
      return boxes();
    };
    expect(await acts()).toEqual([]);
    world.pass(2 * DAY);
    expect(await acts()).toEqual([["web", "destroy", "done"]]);
  });

  it("of an engine, which nobody sets right, do not make a box stopped for longer than it was [X-02]", async () => {
    await withBox();
    // It never could be looked at, and nobody came.
    world.engine.program = () => ({ exitCode: 1, stdout: "", stderr: "" });
    world.pass(20 * DAY);
    world.engine.containers.get(deps.ledger.boxByName("web")?.containerId ?? "")!.state = "exited";
    world.engine.exitedAt = world.now;
    // The host is off for a month at once.
    world.now += 30 * DAY;
    world.bootId = "boot2";
    world.bootedAt = world.now;
    expect(await acts()).toEqual([]);
    const { stoppedAt = 0 } = account().ledger.boxByName("web") ?? {};
    expect(world.now - stoppedAt).toBe(DAY);
  });
});

describe("a box that is handed over", () => {
  it("is not stopped before its new owner was told [FR-036]", async () => {
    await idleAndTold();
    await handOver(person("carol"), { box: "web", to: "bob" });
    expect(await acts()).toEqual([["web", "notify", "done"]]);
    expect(told.at(-1)).toMatchObject({ kind: "stop", owner: "bob" });
    world.pass(DAY);
    expect(await acts()).toEqual([]);
  });

  it("is not destroyed by an archive of its old owner's [X-04]", async () => {
    await withBox();
    await stop(deps, { name: "web" });
    // Killed when the archive is whole, and nothing else begun.
    const begin = () => {
      throw new Error("killed");
    };
    await codeOf(destroy({ ...deps, ledger: { ...deps.ledger, begin } }, ARCHIVE));
    expect(deps.ledger.archives()).toMatchObject([{ owner: "alice", state: "complete" }]);
    await handOver(person("carol"), { box: "web", to: "bob" });
    const { archive } = await destroy(person("bob"), ARCHIVE);
    expect(archive).toMatchObject({ owner: "bob" });
    expect((await restore(person("bob"), { ...UNSET, name: "web", from: undefined })).box.owner).toBe("bob");
  });
});

describe("a ledger that is lost and made again", () => {
  it("counts stopped boxes anew, for holds and policies were lost with it [X-01, X-02]", async () => {
    await withBox();
    await stop(deps, { name: "web" });
    hold(deps, { ...HOLD, for: "14d" });
    world.engine.exitedAt = world.now;
    using later = new World(world.engine);
    later.now = world.now + 13 * DAY;
    later.bootedAt = later.now - HOUR;
    const fresh = later.process("alice");
    await create(fresh, createInput("other"));
    expect(fresh.ledger.boxByName("web")).toMatchObject({ stoppedAt: later.now });
  });
});

describe("a home that cannot be read", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ["unpushed", "notify"],
    ["du", "destroy"],
    ["tar", "destroy"],
  ])("keeps no run from the other boxes when %s never answers [X-02]", { timeout: 60_000 }, async (program, action) => {
    await (action === "notify" ? withBox() : stoppedAndTold());
    if (action === "notify") {
      await stop(deps, { name: "web" });
      world.pass(12 * DAY + HOUR);
    }
    const { task } = world.engine;
    let end = (): void => undefined;
    world.engine.task = (given) => {
      const pipe = task(given);
      if (!given.argv[0]?.endsWith(program)) return pipe;
      const ended = Promise.withResolvers<{ exitCode: number; stderr: string }>();
      const stdout = new PassThrough();
      end = () => {
        stdout.destroy();
        ended.resolve({ exitCode: 137, stderr: "" });
      };
      return { ...pipe, stdout, ended: ended.promise, kill: () => end() };
    };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const run = { isOver: false };
    const ran = acts().finally(() => {
      run.isOver = true;
    });
    // What is real in it, such as files, takes its own time, however fast the minutes pass.
    while (!run.isOver) {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      await vi.advanceTimersByTimeAsync(MINUTE);
    }
    expect(await ran).toEqual([["web", action, action === "notify" ? "done" : "failed"]]);
    expect(deps.ledger.boxByName("web")).toMatchObject({ phase: "ready" });
  });
});
