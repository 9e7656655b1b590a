import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../../src/core/config/defaults.ts";
import { DAY, HOUR } from "../../../src/core/time.ts";
import { create } from "../../../src/usecases/create.ts";
import type { Deps } from "../../../src/usecases/deps.ts";
import { destroy } from "../../../src/usecases/destroy.ts";
import { handOver } from "../../../src/usecases/hand-over.ts";
import { gather } from "../../../src/usecases/lifecycle/gather.ts";
import { hold, holdWhile } from "../../../src/usecases/lifecycle/hold.ts";
import { clearPolicy, setPolicy, showPolicy } from "../../../src/usecases/lifecycle/policy.ts";
import { release } from "../../../src/usecases/lifecycle/release.ts";
import { clearSchedule, setSchedule, showSchedule } from "../../../src/usecases/lifecycle/schedule.ts";
import { settleHolds } from "../../../src/usecases/lifecycle/settle-holds.ts";
import { why } from "../../../src/usecases/lifecycle/why.ts";
import { list } from "../../../src/usecases/list.ts";
import { rebuild } from "../../../src/usecases/rebuild.ts";
import { start, stop } from "../../../src/usecases/start.ts";
import { status } from "../../../src/usecases/status.ts";
import { codeOf, createInput, World } from "../../fakes/world.ts";

const name = "api";
const asked = { name, for: undefined, until: undefined, reason: "", zone: "UTC" };
const command = { command: ["make"], tty: false, env: {} };
const times = { name, start: "0 8 * * *", stop: "0 19 * * *", zone: "Europe/Berlin", hostZone: "UTC" };

async function worldWith(...names: string[]): Promise<World> {
  const world = new World();
  for (const each of names) await create(world.process(), createInput(each));
  return world;
}

async function factsOf(world: World, deps: Deps = world.process()) {
  const containers = new Map((await deps.engine.boxes()).map((box) => [box.identity.id, box]));
  const all = await gather(deps, deps.ledger.boxes(), { containers, seen: "as-last-seen", now: world.now });
  return all.find((facts) => facts.name === name);
}

describe("a hold", () => {
  it("takes the place of a shorter one, and a shorter one changes nothing [X-03]", async () => {
    using world = await worldWith(name);
    const deps = world.process();
    expect(hold(deps, { ...asked, for: "1d", reason: "night\u001b[2J" })).toMatchObject({
      changed: true,
      hold: { until: world.now + DAY, by: "alice", reason: String.raw`night\u{1b}[2J` },
    });
    expect(hold(deps, { ...asked, for: "3d" })).toMatchObject({ changed: true, hold: { until: world.now + 3 * DAY } });
    expect(hold(deps, { ...asked, for: "2d" })).toMatchObject({ changed: false, hold: { until: world.now + 3 * DAY } });
    expect(hold(deps, { ...asked, for: "3d" }).changed).toBe(false);
    expect(deps.ledger.holds().filter(({ endedAt }) => endedAt === undefined)).toHaveLength(1);
    expect((await factsOf(world))?.hold).toMatchObject({ until: world.now + 3 * DAY });
    world.now += 3 * DAY;
    expect(await factsOf(world)).toMatchObject({ hold: undefined, heldUntil: world.now });
  });

  it("lasts at most as long as administrators let it, for themselves, too [X-03]", async () => {
    using world = await worldWith(name);
    const deps = world.process();
    const boss = { ...deps, caller: { ...deps.caller, admin: true } };
    for (const each of [deps, boss]) {
      const refused = Promise.resolve().then(() => hold(each, { ...asked, for: "15d" }));
      expect(await codeOf(refused)).toBe("LIMIT_HOLD");
    }
    expect(deps.ledger.holds()).toEqual([]);
  });

  it("of a command lasts as long as that runs, and ends with it [X-03]", async () => {
    using world = await worldWith(name);
    const deps = world.process();
    world.engine.session = async () => {
      expect((await factsOf(world))?.hold).toMatchObject({
        until: world.now + 14 * DAY,
        by: "alice, while a command runs",
      });
      world.now += HOUR;
      return { exitCode: 7, signal: undefined };
    };
    expect(await holdWhile(deps, { ...asked, ...command })).toBe(7);
    expect(await factsOf(world)).toMatchObject({ hold: undefined, heldUntil: world.now });
    expect(deps.ledger.boxByName(name)).toMatchObject({ lastUsedBy: "hold", lastUsedAt: world.now });
  });

  it("of a command that was killed is over at once, and is written down as such [X-03]", async () => {
    using world = await worldWith(name);
    const killed = world.process("alice", 7);
    world.engine.session = () => {
      world.kill(7);
      return Promise.reject(new Error("killed"));
    };
    await holdWhile(killed, { ...asked, ...command }).catch(() => undefined);
    const deps = world.process();
    expect(deps.ledger.holds()).toMatchObject([{ endedAt: undefined }]);
    expect(await factsOf(world)).toMatchObject({ hold: undefined, heldUntil: world.now });
    settleHolds(deps, world.now);
    expect(deps.ledger.holds()).toMatchObject([{ endedAt: world.now }]);
    world.now += DAY;
    expect(await factsOf(world)).toMatchObject({ heldUntil: world.now - DAY });
  });

  it("of a command needs a box that runs; one by time does not [X-03]", async () => {
    using world = await worldWith(name);
    const deps = world.process();
    await stop(deps, { name });
    expect(await codeOf(holdWhile(deps, { ...asked, ...command }))).toBe("WRONG_STATE");
    expect(deps.ledger.holds()).toEqual([]);
    hold(deps, { ...asked, for: "1d" });
    expect((await list(deps, { usage: false })).boxes[0]?.decided?.decision).toMatchObject({ reason: "held" });
  });

  it("is taken back by release with all others, those of commands too, and once only [X-03]", async () => {
    using world = await worldWith(name, "web");
    const deps = world.process();
    hold(deps, { ...asked, name: "web", for: "1d" });
    hold(deps, { ...asked, for: "1d" });
    world.engine.session = async () => {
      expect((await release(deps, { name })).released).toHaveLength(2);
      return { exitCode: 0, signal: undefined };
    };
    await holdWhile(world.process("alice", 2), { ...asked, ...command });
    expect(await release(deps, { name })).toMatchObject({ released: [], left: undefined });
    expect(await factsOf(world)).toMatchObject({ hold: undefined, heldUntil: world.now });
    expect(deps.ledger.holds().filter(({ endedAt }) => endedAt === undefined)).toHaveLength(1);
  });
});

describe("a schedule", () => {
  it("is kept with its zone, and what is left out stays as it was [X-16]", async () => {
    using world = await worldWith(name);
    const deps = world.process();
    const first = await setSchedule(deps, { ...times, zone: undefined, stop: undefined, hostZone: "Asia/Kolkata" });
    expect(first).toMatchObject({
      changed: true,
      schedule: { start: "0 8 * * *", stop: undefined, zone: "Asia/Kolkata" },
    });
    expect(first.starts).toHaveLength(3);
    await setSchedule(deps, { ...times, start: undefined, zone: "europe/berlin", stop: " 0  19 * * * " });
    const kept = { boxId: first.box.id, start: "0 8 * * *", stop: "0 19 * * *", zone: "Europe/Berlin" };
    expect((await showSchedule(deps, { name })).schedule).toEqual({ ...kept, handledAt: world.now });
    world.now += DAY;
    expect((await setSchedule(deps, times)).changed).toBe(false);
    // What was due since then is still due: nothing was changed.
    expect((await factsOf(world))?.schedule?.due).toMatchObject({ action: "start" });
    expect(await setSchedule(deps, { ...times, start: "none", stop: undefined })).toMatchObject({
      schedule: { start: undefined, stop: "0 19 * * *" },
    });
    expect(await setSchedule(deps, { ...times, start: undefined, stop: "none" })).toMatchObject({
      schedule: undefined,
    });
    expect(await clearSchedule(deps, { name })).toMatchObject({ changed: false, schedule: undefined });
    expect((await factsOf(world))?.schedule).toBeUndefined();
  });

  it("does not make up for what is past when it is set [X-16]", async () => {
    using world = await worldWith(name);
    await setSchedule(world.process(), times);
    expect((await factsOf(world))?.schedule?.due).toBeUndefined();
  });

  it("that says nothing, or is none, changes nothing [X-16]", async () => {
    using world = await worldWith(name);
    const deps = world.process();
    const none = { name, start: undefined, stop: undefined, zone: undefined, hostZone: "UTC" };
    expect(await codeOf(setSchedule(deps, none))).toBe("USAGE");
    expect(await codeOf(setSchedule(deps, { ...none, zone: "Europe/Berlin" }))).toBe("USAGE");
    expect(await codeOf(setSchedule(deps, { ...none, start: "* * * * *" }))).toBe("INVALID_SCHEDULE");
    expect(await codeOf(setSchedule(deps, { ...times, zone: "Mars" }))).toBe("INVALID_SCHEDULE");
    expect(deps.ledger.schedules()).toEqual([]);
  });
});

describe("a policy", () => {
  it("says of each value who chose it: the box, its user or the host [FR-034] [FR-035]", async () => {
    using world = new World();
    world.config = { ...DEFAULTS, users: { alice: { lifecycle: { stopAfterIdle: 2 * DAY } } } };
    await create(world.process(), createInput(name));
    const deps = world.process();
    const usual = {
      stopAfterIdle: { span: 2 * DAY, from: "user", chosen: undefined },
      destroyAfterStopped: { span: 14 * DAY, from: "host", chosen: undefined },
    };
    expect(showPolicy(deps, { name }).values).toEqual(usual);
    expect(setPolicy(deps, { name, stopAfter: "3d", destroyAfter: undefined })).toMatchObject({
      changed: true,
      values: { stopAfterIdle: { span: 3 * DAY, from: "box" }, destroyAfterStopped: { from: "host" } },
    });
    expect(setPolicy(deps, { name, stopAfter: undefined, destroyAfter: "30d" })).toMatchObject({
      values: { stopAfterIdle: { from: "box" }, destroyAfterStopped: { span: 30 * DAY, from: "box" } },
    });
    expect(setPolicy(deps, { name, stopAfter: "3d", destroyAfter: "30d" }).changed).toBe(false);
    const { bounds } = DEFAULTS.lifecycle;
    const tighter = { ...bounds, destroyAfterStopped: { min: DAY, max: 20 * DAY } };
    world.config = { ...world.config, lifecycle: { ...DEFAULTS.lifecycle, bounds: tighter } };
    expect(showPolicy(world.process(), { name }).values.destroyAfterStopped).toEqual({
      ...{ span: 20 * DAY, from: "box", chosen: 30 * DAY },
    });
    expect(clearPolicy(deps, { name })).toMatchObject({ changed: true, values: usual });
    expect(clearPolicy(deps, { name }).changed).toBe(false);
  });
});

describe("what keeps a box", () => {
  it("survives a rebuild and a hand-over, and goes with the box [X-03] [X-16] [X-13]", async () => {
    using world = new World();
    world.config = { ...DEFAULTS, host: { ...DEFAULTS.host, serviceUser: "devbox" }, users: { alice: {}, bob: {} } };
    const as = (user: string): Deps => {
      const deps = world.process(user);
      return { ...deps, caller: { user, uid: 1000, admin: user === "carol", via: "sudo" } };
    };
    const { box } = await create(as("alice"), createInput(name));
    hold(as("alice"), { ...asked, for: "3d" });
    await setSchedule(as("alice"), times);
    setPolicy(as("alice"), { name, stopAfter: "3d", destroyAfter: undefined });
    const kept = () => {
      const { ledger } = as("bob");
      return [ledger.holds(box.id), ledger.scheduleOf(box.id), ledger.policies().get(box.id)];
    };
    const before = kept();
    expect(before).toMatchObject([[{ endedAt: undefined }], { start: "0 8 * * *" }, { stopAfterIdle: 3 * DAY }]);
    await rebuild(as("alice"), { name, image: undefined });
    expect(kept()).toEqual(before);
    await handOver(as("carol"), { box: name, to: "bob" });
    expect(kept()).toEqual(before);
    expect(showPolicy(as("bob"), { name }).values.stopAfterIdle.from).toBe("box");
    await destroy(as("bob"), { name, keepVolume: false });
    expect(kept()).toEqual([[], undefined, undefined]);
  });
});

describe("why", () => {
  it("says who stopped a box, what is next, and what would change it, without a look [X-02]", async () => {
    using world = await worldWith(name);
    const deps = world.process();
    world.now += HOUR;
    await stop(deps, { name });
    const result = await why(deps, { name });
    expect(result).toMatchObject({
      decision: { reason: "within-grace", next: "destroy", at: world.now + 14 * DAY },
      stateSince: { at: world.now },
      problem: undefined,
      told: [
        { stage: "first", state: "planned", at: world.now + 12 * DAY },
        { stage: "reminder", state: "planned", at: world.now + 14 * DAY - 6 * HOUR },
      ],
      commands: [`devbox-ctl start ${name}`, `devbox-ctl hold ${name} --for 3d`],
    });
    hold(deps, { ...asked, for: "1d" });
    expect((await why(deps, { name })).commands).toContain(`devbox-ctl release ${name}`);
    await start(deps, { name, recreate: false });
  });

  it("falls back to what was seen last where a running box does not answer [X-02]", async () => {
    using world = await worldWith(name);
    world.engine.program = () => ({ exitCode: 1, stdout: "", stderr: "no such program" });
    const result = await why(world.process(), { name });
    expect(result.problem).toBe("its activity probe failed with exit code 1: no such program");
    expect(result.told).toEqual([]);
    expect(result.decision).toMatchObject({ next: "stop", at: world.now + 7 * DAY });
    expect((await status(world.process(), { name })).decided?.decision).toMatchObject({ next: "stop" });
  });
});
