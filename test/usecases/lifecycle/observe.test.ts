import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DevboxError } from "../../../src/core/errors.ts";
import { IMAGE } from "../../../src/core/image-contract.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/core/time.ts";
import { create } from "../../../src/usecases/create.ts";
import type { Deps } from "../../../src/usecases/deps.ts";
import { observe, type RunningBox } from "../../../src/usecases/lifecycle/observe.ts";
import { findUnpushed, findUnpushedAtRest, lastUnpushed } from "../../../src/usecases/lifecycle/unpushed.ts";
import { createInput, World } from "../../fakes/world.ts";

let world: World;
let deps: Deps;
let running: RunningBox[];
/** What the boxes' probes say besides what is always there. */
let said: Record<string, unknown>;
let repositories: unknown[];

const answer = () => ({
  ...{ version: 1, now: world.now / SECOND, sessions: [], agents: [], detached: [], holds: [], unreadable: [] },
  box: { uptime: 7200 + (world.now - Date.UTC(2026, 0, 31, 9)) / SECOND, instance: "boot:1" },
  terminals: { open: 0, lastInput: null, lastOutput: null },
  workspace: { lastChange: null, path: null, entries: 0, complete: true, future: null },
  cpu: { seconds: 10, source: "cgroup2", processes: 9, groups: [] },
  codeServer: { lastBeat: null },
  ...said,
});

beforeEach(async () => {
  world = new World();
  deps = world.process();
  said = {};
  repositories = [];
  world.engine.program = ({ argv }) => {
    const unpushed = { version: 1, complete: true, repositories };
    const stdout = JSON.stringify(argv[0] === IMAGE.programs.unpushed ? unpushed : answer());
    return { exitCode: 0, stdout, stderr: "" };
  };
  for (const name of ["web", "api"]) await create(deps, createInput(name));
  running = deps.ledger.boxes().map((box) => ({ box, containerId: box.containerId ?? "" }));
  world.engine.calls.length = 0;
});
afterEach(() => world[Symbol.dispose]());

const lastUsed = () => deps.ledger.boxes().map(({ lastUsedAt, lastUsedBy }) => [lastUsedAt, lastUsedBy]);

describe("observe", () => {
  it("asks the engine once for all boxes and each box once; without write nothing is kept [X-01]", async () => {
    const before = lastUsed();
    said = { terminals: { open: 1, lastInput: (world.now + HOUR) / SECOND, lastOutput: null } };
    world.now += 2 * HOUR;
    const seen = await observe(deps, running, { write: false });
    expect([...seen.values()].map(({ last }) => last)).toEqual(
      running.map(() => ({ at: world.now - HOUR, by: "terminal" })),
    );
    expect(world.engine.calls.toSorted()).toEqual(["counters", "runProgram", "runProgram"]);
    expect(lastUsed()).toEqual(before);
    expect(deps.ledger.samples()).toEqual([]);
  });

  it("keeps last activity, a sample and unpushed work [X-01, X-04]", async () => {
    repositories = [{ path: "site", remote: true, branches: [{ name: "redesign", commits: 3 }], read: true }];
    world.now += 2 * HOUR;
    said = { terminals: { open: 1, lastInput: world.now / SECOND - 60, lastOutput: null } };
    await observe(deps, running, { write: true });
    expect(lastUsed()).toEqual(running.map(() => [world.now - MINUTE, "terminal"]));
    expect(deps.ledger.samples()).toHaveLength(2);
    for (const { box } of running)
      expect(lastUnpushed(deps, box.id)).toEqual(["site/: 3 commits never pushed (branch redesign)"]);
  });

  it("looks for unpushed work again when it is old, or something changed [X-04]", async () => {
    const asked = async () => {
      world.engine.calls.length = 0;
      await observe(deps, running, { write: true });
      return world.engine.calls.filter((call) => call === "runProgram").length - running.length;
    };
    expect(await asked()).toBe(2);
    world.now += 2 * HOUR;
    expect(await asked()).toBe(0);
    said = { workspace: { lastChange: world.now / SECOND - 60, path: "a", entries: 1, complete: true, future: null } };
    expect(await asked()).toBe(2);
    expect(await asked()).toBe(0);
    world.now += DAY;
    said = {};
    expect(await asked()).toBe(2);
  });

  it("takes the engine's counters, compared with those of the look before [X-01]", async () => {
    const count = (cpuSeconds: number) => {
      world.engine.counted = new Map(running.map(({ containerId }) => [containerId, { cpuSeconds, networkBytes: 0 }]));
    };
    count(100);
    world.now += HOUR;
    await observe(deps, running, { write: true });
    count(100 + 1800);
    world.now += HOUR;
    for (const { inUse } of (await observe(deps, running, { write: true })).values())
      expect(inUse).toBe("its programs used 50 % of a core over the last 1 h");
    world.engine.fault = (call) => {
      if (call === "counters") throw new DevboxError("ENGINE_TIMEOUT", "podman stats did not answer.");
    };
    world.now += HOUR;
    for (const { observation } of (await observe(deps, running, { write: true })).values())
      expect(observation).toBe("fresh");
  });

  it.each([
    ["its image has no activity probe that can be run", { exitCode: 127, stdout: "", stderr: "" }],
    ["its activity probe failed with exit code 1: no\\u{1b}[0m", { exitCode: 1, stdout: "", stderr: "no\u001b[0m\n" }],
    ["its activity probe says nothing", { exitCode: 0, stdout: "", stderr: "" }],
    ["what its activity probe says cannot be read: hello", { exitCode: 0, stdout: "hello", stderr: "" }],
    [
      'its activity probe speaks version "9.x", which this program does not know',
      { exitCode: 0, stdout: '{"version":"9.x","now":1}', stderr: "" },
    ],
    [
      "its activity probe gave no answer within 10s",
      () => {
        throw new DevboxError("ENGINE_TIMEOUT", "podman exec did not answer.");
      },
    ],
  ])("says of a box that was not seen: %s [X-01, X-02]", async (problem, said) => {
    world.engine.program = () => (typeof said === "function" ? said() : said);
    const seen = await observe(deps, running, { write: true });
    expect([...seen.values()].map((look) => look.problem)).toEqual([problem, problem]);
  });

  it.each([
    [
      "is gone",
      () => {
        throw new DevboxError("CONTAINER_GONE", "gone");
      },
    ],
    ["fails", () => ({ exitCode: 125, stdout: "", stderr: "no" })],
    ["says something else", () => ({ exitCode: 0, stdout: "hello", stderr: "" })],
  ])("takes a box that %s for one that was not seen, and goes on with the others [X-01]", async (_, program) => {
    const honest = world.engine.program;
    world.engine.program = (run, id) => (id === running[0]?.containerId ? program() : honest(run, id));
    const seen = await observe(deps, running, { write: true });
    expect([...seen.values()].map(({ observation }) => observation).sort()).toEqual(["failed", "fresh"]);
    expect(deps.ledger.samples()).toHaveLength(1);
  });
});

it("unpushed work of a box that does not answer any more is what was found last, and is not asked for at once [X-04]", async () => {
  repositories = [{ path: "site", remote: true, changed: 1, read: true }];
  await observe(deps, running, { write: true });
  const [first] = running;
  if (first === undefined) throw new Error("no box");
  world.engine.program = () => ({ exitCode: 127, stdout: "", stderr: "" });
  expect(await findUnpushed(deps, first)).toEqual(["site/: 1 changed file not committed"]);
  expect(lastUnpushed(deps, first.box.id)).toEqual(["site/: 1 changed file not committed"]);
  expect(lastUnpushed(deps, "nosuch")).toEqual([]);
});

it("unpushed work of a box that does not run is looked for in its home, unless it was just before it stopped [X-04]", async () => {
  await observe(deps, running, { write: true });
  const [first] = running;
  if (first === undefined) throw new Error("no box");
  const { id } = first.box;
  repositories = [{ path: "site", remote: true, untracked: 2, read: true }];
  world.engine.task = ({ argv, user, readOnly }) => {
    expect({ argv, user, readOnly }).toEqual({ argv: [IMAGE.programs.unpushed], user: "dev", readOnly: true });
    const stdout = Readable.from([Buffer.from(JSON.stringify({ version: 1, complete: true, repositories }))]);
    const ended = Promise.resolve({ exitCode: 0, stderr: "" });
    return { stdin: new PassThrough(), stdout, stderr: Readable.from([]), ended, kill: () => undefined };
  };
  const stopped = { ...first.box, stoppedAt: world.now + 30 * SECOND };
  expect(await findUnpushedAtRest(deps, stopped)).toEqual([]);
  const at = deps.ledger.samples().find(({ boxId }) => boxId === id)?.at;
  world.now += HOUR;
  const later = { ...stopped, stoppedAt: world.now };
  expect(await findUnpushedAtRest(deps, later)).toEqual(["site/: 2 new files or folders not committed"]);
  expect(lastUnpushed(deps, id)).toEqual(["site/: 2 new files or folders not committed"]);
  // It says when the box was seen running last.
  expect(deps.ledger.samples().find(({ boxId }) => boxId === id)?.at).toBe(at);
  world.engine.task = () => {
    throw new DevboxError("IMAGE_NOT_FOUND", "no image");
  };
  expect(await findUnpushedAtRest(deps, later)).toEqual(["site/: 2 new files or folders not committed"]);
});
