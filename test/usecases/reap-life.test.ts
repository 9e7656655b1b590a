import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { IMAGE } from "../../src/core/image-contract.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/core/time.ts";
import type { Message } from "../../src/ports/notifier.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { doctor } from "../../src/usecases/doctor/doctor.ts";
import { why } from "../../src/usecases/lifecycle/why.ts";
import { list } from "../../src/usecases/list.ts";
import { metrics } from "../../src/usecases/metrics.ts";
import { reap, type ReapInput } from "../../src/usecases/reap/reap.ts";
import { hasFailed } from "../../src/usecases/reap/result.ts";
import { resume } from "../../src/usecases/resume.ts";
import { start, stop } from "../../src/usecases/start.ts";
import { createInput, World } from "../fakes/world.ts";

// What a run does about boxes' lives, on a real ledger; engine and channels are fakes, so that time can pass.

const BEGIN = Date.UTC(2026, 0, 31, 9);
/** Seconds that boxes ran by then. */
const UPTIME = 7200;

let world: World;
let deps: Deps;
let told: Message[];
/** Boxes that a person types in, by container. */
let typing: Set<string>;
let channelProblem: string | undefined;

beforeEach(() => {
  world = new World();
  told = [];
  typing = new Set();
  channelProblem = undefined;
  world.channels = [
    {
      name: "webhook",
      deliver: (message) => {
        if (channelProblem !== undefined) return Promise.reject(new DevboxError("NOTIFY_FAILED", channelProblem));
        told.push(message);
        return Promise.resolve();
      },
    },
  ];
  world.config = { ...DEFAULTS, limits: { ...DEFAULTS.limits, perUser: 50, global: 50 } };
  world.engine.program = ({ argv }, containerId) => {
    const answers: Record<string, unknown> = {
      [IMAGE.programs.activity]: probe(typing.has(containerId)),
      [IMAGE.programs.unpushed]: { version: 1, complete: true, repositories: [] },
    };
    return { exitCode: 0, stdout: JSON.stringify(answers[argv[0] ?? ""] ?? ""), stderr: "" };
  };
  deps = world.process("alice");
});
afterEach(() => world[Symbol.dispose]());

function probe(isTyping: boolean): unknown {
  const lastInput = isTyping ? world.now / SECOND : null;
  return {
    ...{
      version: 1,
      now: world.now / SECOND,
      box: { uptime: UPTIME + (world.now - BEGIN) / SECOND, instance: "boot:1" },
    },
    ...{ sessions: [], terminals: { open: 1, lastInput, lastOutput: null }, agents: [], detached: [], holds: [] },
    workspace: { lastChange: null, path: null, entries: 0, complete: true, future: null },
    cpu: { seconds: 1, source: "cgroup1", processes: 3, groups: [] },
    ...{ codeServer: { lastBeat: null }, unreadable: [] },
  };
}

const run = (input: Partial<ReapInput> = {}) => reap(deps, { dryRun: false, ...input });
const acts = async (input: Partial<ReapInput> = {}) =>
  (await run(input)).reapings.map(({ box, action, code, outcome }) => [box, action, code, outcome]);
const boxOf = (name: string) => deps.ledger.boxByName(name)!;
const containerOf = (name: string) => boxOf(name).containerId ?? "";
const unseen = async () => (await metrics(deps)).find(({ name }) => name === "boxes_not_observed")?.samples[0]?.value;
async function findings(as: Deps = deps): Promise<string[]> {
  const open = { ...as.ledger, close: () => undefined };
  const found = await doctor({ ...as, openLedger: () => open, setAsideLedger: () => "" }, { fix: false });
  return found.findings.map(({ text }) => text);
}
const snapshot = () =>
  JSON.stringify([deps.ledger.boxes(), deps.ledger.samples(), deps.ledger.notices({}), deps.ledger.schedules()]);
/** Lets time pass with short runs in between: time in which nobody came by would not count in full. */
async function pass(span: number): Promise<void> {
  const end = world.now + span;
  while (world.now < end) {
    await reap(deps, { dryRun: false, only: "schedules" });
    world.now = Math.min(end, world.now + 12 * HOUR);
  }
}

/** Everything is as it is until now but for the notice: the box is idle, its owner was told. */
async function idleAndTold(name: string): Promise<void> {
  await create(deps, createInput(name));
  await pass(5 * DAY + HOUR);
  await run();
  await pass(2 * DAY);
}

describe("a run", () => {
  it("tells, stops, tells again and destroys when it is due, and each time just that [FR-034, FR-035, FR-036]", async () => {
    await create(deps, createInput("web"));
    expect(await acts()).toEqual([]);
    await pass(5 * DAY + HOUR);
    expect(await acts()).toEqual([["web", "notify", "idle", "done"]]);
    expect(await acts()).toEqual([]);
    await pass(2 * DAY);
    expect(await acts()).toEqual([["web", "stop", "idle", "done"]]);
    expect(world.engine.calls.filter((call) => call === "stopBox")).toHaveLength(1);
    expect(boxOf("web")).toMatchObject({ desired: "stopped", stoppedAt: world.now });
    expect(told.map(({ kind }) => kind)).toEqual(["stop", "stopped"]);
    expect((await why(deps, { name: "web" })).stateSince).toEqual({ at: world.now, by: "the reaper" });
    // Nor does a boot bring it back.
    expect(await resume(deps, { dryRun: false })).toEqual([]);
    await pass(12 * DAY + HOUR);
    expect(await acts()).toEqual([["web", "notify", "stopped-long", "done"]]);
  });

  it("leaves a box alone that is used between the decision and the act [X-02]", async () => {
    await idleAndTold("web");
    let looks = 0;
    const honest = world.engine.program;
    world.engine.program = (call, id) => {
      if (call.argv[0] === IMAGE.programs.activity && (looks += 1) === 2) typing.add(id);
      return honest(call, id);
    };
    const [reaping] = (await run()).reapings;
    expect(reaping).toMatchObject({ action: "stop", outcome: "left" });
    expect(world.engine.calls).not.toContain("stopBox");
    expect(await acts()).toEqual([]);
    // What it was told of is taken back.
    expect(deps.ledger.notices({})).toEqual([]);
  });

  it("stops no other box for one that fails, and says which it was [X-02]", async () => {
    for (const name of ["broken", "fine"]) await create(deps, createInput(name));
    await pass(5 * DAY + HOUR);
    await run();
    await pass(2 * DAY);
    const broken = containerOf("broken");
    const stopBox = world.engine.stopBox.bind(world.engine);
    world.engine.stopBox = (id) =>
      id === broken ? Promise.reject(new DevboxError("ENGINE_FAILED", "podman stop failed.")) : stopBox(id);
    const result = await run();
    expect(result.reapings.map(({ box, outcome }) => [box, outcome]).sort()).toEqual([
      ["broken", "failed"],
      ["fine", "done"],
    ]);
    expect(hasFailed(result)).toBe(true);
    expect(JSON.stringify(await metrics(deps))).toContain('"reaper_last_run_failed"');
    expect((await findings()).join("\n")).toMatch(/failed with broken: podman stop failed\./);
  });

  it("goes on where the engine does not answer, and has failed [X-10]", async () => {
    await create(deps, createInput("web"));
    world.engine.fault = (call) => {
      if (call === "boxes") throw new DevboxError("ENGINE_TIMEOUT", "podman did not answer.");
    };
    const result = await run();
    expect(result.problems).toEqual([{ part: "boxes", problem: "podman did not answer.", fatal: true }]);
    expect(hasFailed(result)).toBe(true);
  });

  it("remarks a notice that reaches nobody, and has failed by it after a day [X-04]", async () => {
    channelProblem = "refused";
    await create(deps, createInput("web"));
    await pass(5 * DAY + HOUR);
    expect((await run()).problems).toMatchObject([{ part: "telling", fatal: false }]);
    await pass(DAY + MINUTE);
    expect((await run()).problems).toMatchObject([{ part: "telling", fatal: true }]);
    await pass(10 * DAY);
    expect(await acts()).toEqual([]);
  });

  it("that tells of a destroyed box and reaches nobody is the doctor's matter for its owner and administrators [X-04]", async () => {
    await create(deps, createInput("web"));
    const box = boxOf("web");
    deps.ledger.remove(box.id);
    const about = {
      since: world.now,
      deadline: undefined,
      subject: "web was destroyed",
      body: "",
      createdAt: world.now,
    };
    const notice = {
      boxId: box.id,
      boxName: "web",
      owner: "alice",
      kind: "destroyed" as const,
      stage: "first" as const,
    };
    deps.ledger.addNotice({ ...notice, ...about });
    const unheard = async (as: Deps) => (await findings(as)).filter((text) => text.includes("reached nobody"));
    const bob = world.process("bob");
    expect(await unheard(deps)).toEqual(["1 notice reached nobody"]);
    expect(await unheard(bob)).toEqual([]);
    expect(await unheard({ ...bob, caller: { ...bob.caller, admin: true } })).toEqual(["1 notice reached nobody"]);
  });

  it("names a box that it cannot look at and why, has failed by it after a day, and forgets it when it can [X-01, X-02]", async () => {
    for (const name of ["blind", "fine"]) await create(deps, createInput(name));
    const blind = containerOf("blind");
    const honest = world.engine.program;
    world.engine.program = (call, id) => (id === blind ? { exitCode: 127, stdout: "", stderr: "" } : honest(call, id));
    world.now += HOUR;
    await run({ dryRun: true });
    expect(await unseen()).toBe(0);
    const first = await run();
    expect(first.problems).toMatchObject([{ part: "looking", fatal: false }]);
    expect(first.problems[0]?.problem).toMatch(/^blind could not be looked at, .*: its image has no activity probe/);
    expect(hasFailed(first)).toBe(false);
    await pass(DAY + MINUTE);
    const later = await run();
    expect(later.problems).toMatchObject([{ part: "looking", fatal: true }]);
    expect(hasFailed(later)).toBe(true);
    expect(await unseen()).toBe(1);
    expect((await findings()).join("\n")).toMatch(/blind could not be looked at, the first time 24 h ago: its image/);
    const listed = (await list(deps, { usage: false })).boxes.map(({ decided }) => decided?.decision.reason);
    expect(listed).toEqual(["not-observed", "within-grace"]);
    expect((await why(deps, { name: "blind" })).told).toEqual([]);
    // A rebuild may bring a probe, and a box that is stopped is not looked at.
    await stop(deps, { name: "blind" });
    expect(await unseen()).toBe(0);
    await start(deps, { name: "blind", recreate: false });
    world.engine.program = honest;
    expect((await run()).problems).toEqual([]);
    expect(await unseen()).toBe(0);
  });

  it("does not fail by a box that is never stopped and that it cannot look at [X-01]", async () => {
    world.config = { ...world.config, lifecycle: { ...DEFAULTS.lifecycle, stopAfterIdle: null } };
    deps = world.process("alice");
    await create(deps, createInput("web"));
    world.engine.program = () => ({ exitCode: 0, stdout: "{}", stderr: "" });
    await run();
    await pass(2 * DAY);
    expect((await run()).problems).toMatchObject([{ part: "looking", fatal: false }]);
  });

  it("enters since when a box does not run, as the engine proves it, and takes it back when it runs [X-02]", async () => {
    await create(deps, createInput("web"));
    world.now += HOUR;
    const container = world.engine.containers.get(containerOf("web"))!;
    container.state = "exited";
    await run({ dryRun: true });
    expect(boxOf("web").stoppedAt).toBeUndefined();
    await run();
    expect(boxOf("web").stoppedAt).toBe(world.now);
    container.state = "running";
    await run();
    expect(boxOf("web").stoppedAt).toBeUndefined();
  });
});

describe("a dry run", () => {
  it("says of every box what would be done and why, and writes nothing [X-07]", async () => {
    await idleAndTold("idle");
    await create(deps, createInput("used"));
    typing.add(containerOf("used"));
    const before = snapshot();
    const { reapings, dryRun } = await run({ dryRun: true });
    expect(dryRun).toBe(true);
    expect(reapings.map(({ box, action, code }) => [box, action, code])).toEqual([
      ["idle", "stop", "idle"],
      ["used", "none", "in-use"],
    ]);
    expect(reapings[1]?.reason).toMatch(/^in use: /);
    expect(snapshot()).toBe(before);
    expect(deps.ledger.fact("reaper.run.all")).toContain("notify");
  });

  it("foresees a time to come, with notices that fall due before delivered [X-07]", async () => {
    await create(deps, createInput("web"));
    const at = async (span: number) => {
      const [reaping] = (await run({ dryRun: true, at: world.now + span })).reapings;
      return [reaping?.action, reaping?.code];
    };
    expect(await at(DAY)).toEqual(["none", "within-grace"]);
    expect(await at(5 * DAY)).toEqual(["notify", "idle"]);
    expect(await at(6 * DAY)).toEqual(["none", "notice-running"]);
    expect(await at(7 * DAY - 6 * HOUR)).toEqual(["notify", "idle"]);
    expect(await at(7 * DAY - 1)).toEqual(["none", "notice-running"]);
    expect(await at(7 * DAY)).toEqual(["stop", "idle"]);
    expect(told).toEqual([]);
  });
});

describe("schedules", () => {
  /** At nine, one hour from the world's begin, which is at nine as well. */
  const schedule = (name: string, action: "start" | "stop", cron: string): void => {
    const none = { start: undefined, stop: undefined };
    deps.ledger.setSchedule({ boxId: boxOf(name).id, ...none, [action]: cron, zone: "UTC", handledAt: world.now });
  };
  const due = async () => (await run({ dryRun: true, only: "schedules" })).reapings.length > 0;

  it("cost nothing when nothing is due, and start what is [X-03]", async () => {
    await create(deps, { ...createInput("web"), start: false });
    schedule("web", "start", "0 10 * * *");
    world.engine.calls.length = 0;
    expect(await acts({ only: "schedules" })).toEqual([]);
    expect(world.engine.calls).toEqual([]);
    world.now += HOUR;
    expect(await acts({ only: "schedules" })).toEqual([["web", "start", "schedule", "done"]]);
    // It is no use of it.
    expect(boxOf("web")).toMatchObject({ desired: "running", lastUsedAt: BEGIN });
    // Who stops it afterwards is not overruled.
    await stop(deps, { name: "web" });
    expect(await acts({ only: "schedules" })).toEqual([]);
  });

  it("are not played up to a time to come, and it is said of the boxes that have one [X-07, X-16]", async () => {
    for (const name of ["web", "api"]) await create(deps, { ...createInput(name), start: false });
    schedule("web", "start", "0 8 * * mon");
    const reasons = async (span: number) =>
      (await run({ dryRun: true, at: world.now + span })).reapings.map(({ reason }) => reason);
    const [first, ...others] = (await reasons(30 * DAY)).toSorted((a, b) => b.length - a.length);
    expect(first).toMatch(/^stopped for .*; what its schedule does before then is left out$/);
    // It is Saturday.
    expect([...others, ...(await reasons(DAY))].join()).not.toContain("left out");
  });

  it("do not overrule whoever changes a box after a moment that needed nothing [X-03]", async () => {
    await create(deps, createInput("web"));
    schedule("web", "start", "0 10 * * *");
    world.now += HOUR;
    await run({ only: "schedules" });
    await stop(deps, { name: "web" });
    expect(await acts({ only: "schedules" })).toEqual([]);
    expect(boxOf("web").desired).toBe("stopped");
  });

  it("are tried again when a start fails, for half a day [X-03]", async () => {
    await create(deps, { ...createInput("web"), start: false });
    schedule("web", "start", "0 10 * * *");
    world.now += HOUR;
    world.engine.startBox = () => Promise.reject(new DevboxError("ENGINE_FAILED", "podman start failed."));
    expect(await acts({ only: "schedules" })).toEqual([["web", "start", "schedule", "failed"]]);
    world.now += 11 * HOUR;
    expect(await acts({ only: "schedules" })).toEqual([["web", "start", "schedule", "failed"]]);
    world.now += 2 * HOUR;
    expect(await due()).toBe(true);
    await run({ only: "schedules" });
    expect(await due()).toBe(false);
  });

  it("stop a box that is quiet, and wait for one that is not [X-03]", async () => {
    await create(deps, createInput("web"));
    schedule("web", "stop", "0 10 * * *");
    typing.add(containerOf("web"));
    world.now += HOUR;
    expect(await acts({ only: "schedules" })).toEqual([]);
    typing.clear();
    world.now += 20 * MINUTE;
    expect(await acts({ only: "schedules" })).toEqual([["web", "stop", "schedule", "done"]]);
    expect(told.map(({ kind }) => kind)).toEqual(["stopped"]);
  });
});
