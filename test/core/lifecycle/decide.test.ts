import { describe, expect, it } from "vitest";
import { CLOCK_TOLERANCE } from "../../../src/core/lifecycle/clock.ts";
import { decide, isVoid, QUIET } from "../../../src/core/lifecycle/decide.ts";
import type { BoxFacts, Decision, LifecyclePolicy, ScheduleFacts } from "../../../src/core/lifecycle/facts.ts";
import { DAY, HOUR, MINUTE } from "../../../src/core/time.ts";
import { idleBox, notice, NOW, POLICY, stoppedBox } from "./facts.ts";

const IDLE_SINCE = NOW - 7 * DAY;
const STOPPED_SINCE = NOW - 14 * DAY;

/** Action and reason, as `stop: idle`. */
const short = ({ action, reason }: Decision): string => `${action}: ${reason}`;
const verdict = (box: BoxFacts, now = NOW, policy: Partial<LifecyclePolicy> = {}): string =>
  short(decide(box, { ...POLICY, ...policy }, now));
const schedule = (change: Partial<ScheduleFacts>): ScheduleFacts => ({
  ...{ due: undefined, nextStart: undefined, nextStop: undefined },
  ...change,
});

describe("a box that nobody uses", () => {
  it("is stopped at exactly the deadline and not a millisecond before [FR-034]", () => {
    expect(decide(idleBox(), POLICY, NOW)).toEqual({
      action: "stop",
      reason: "idle",
      counts: { kind: "stop", since: IDLE_SINCE },
      at: NOW,
      next: "stop",
      notice: undefined,
    });
    expect(decide(idleBox(), POLICY, NOW - 1)).toMatchObject({ action: "none", reason: "notice-running", at: NOW });
  });

  it("is destroyed at exactly the deadline after its stop and not a millisecond before [FR-035]", () => {
    expect(decide(stoppedBox(), POLICY, NOW)).toEqual({
      action: "destroy",
      reason: "stopped-long",
      counts: { kind: "destroy", since: STOPPED_SINCE },
      at: NOW,
      next: "destroy",
      notice: undefined,
    });
    expect(decide(stoppedBox(), POLICY, NOW - 1)).toMatchObject({ action: "none", reason: "notice-running", at: NOW });
    expect(verdict(stoppedBox({ state: "gone" }))).toBe("destroy: stopped-long");
  });

  it("is left alone until its owner has to be told, at exactly the notice time before [FR-036]", () => {
    const untold = idleBox({ notices: [] });
    const noticeAt = NOW - 48 * HOUR;
    expect(decide(untold, POLICY, noticeAt - 1)).toMatchObject({ action: "none", reason: "within-grace", at: NOW });
    expect(decide(untold, POLICY, noticeAt)).toMatchObject({
      action: "notify",
      reason: "idle",
      at: NOW,
      next: "stop",
      notice: { kind: "stop", stage: "first", since: IDLE_SINCE },
    });
    const stopped = stoppedBox({ notices: [] });
    expect(verdict(stopped, noticeAt - 1)).toBe("none: within-grace");
    expect(decide(stopped, POLICY, noticeAt)).toMatchObject({
      action: "notify",
      reason: "stopped-long",
      notice: { kind: "destroy", stage: "first", since: STOPPED_SINCE },
    });
  });

  it("is there for the whole notice time after a notice that came late [FR-036] [X-05]", () => {
    const late = idleBox({ notices: [notice("stop", IDLE_SINCE, NOW + 5 * DAY)] });
    const due = NOW + 7 * DAY;
    expect(decide(idleBox({ notices: [] }), POLICY, NOW + 5 * DAY)).toMatchObject({ action: "notify", at: due });
    expect(verdict(late, due - 6 * HOUR - 1)).toBe("none: notice-running");
    expect(decide(late, POLICY, due - 6 * HOUR)).toMatchObject({
      action: "notify",
      at: due,
      notice: { kind: "stop", stage: "reminder", since: IDLE_SINCE },
    });
    expect(verdict(late, due - 1, { reminder: null })).toBe("none: notice-running");
    expect(verdict(late, due)).toBe("stop: idle");
  });

  it("counts the notice time from the delivery, not from the first try [X-05]", () => {
    const sentAt = NOW - 48 * HOUR;
    const box = idleBox({ notices: [notice("stop", IDLE_SINCE, sentAt, { deliveredAt: NOW - HOUR })] });
    expect(decide(box, POLICY, NOW)).toMatchObject({ reason: "notice-running", at: NOW + 47 * HOUR });
    expect(verdict(box, NOW + 47 * HOUR)).toBe("stop: idle");
  });

  it("is told of again when a longer policy was set meanwhile [FR-036]", () => {
    const policy = { stopAfterIdle: 30 * DAY };
    expect(verdict(idleBox(), NOW, policy)).toBe("none: within-grace");
    expect(verdict(idleBox(), IDLE_SINCE + 28 * DAY, policy)).toBe("notify: idle");
    expect(verdict(idleBox(), IDLE_SINCE + 40 * DAY, policy)).toBe("notify: idle");
  });

  it("is not told of before a quarter of a short span is over [FR-036]", () => {
    const policy = { stopAfterIdle: DAY };
    const box = idleBox({ notices: [] });
    expect(decide(box, { ...POLICY, ...policy }, IDLE_SINCE + 2 * HOUR)).toMatchObject({
      reason: "within-grace",
      at: IDLE_SINCE + 6 * HOUR + 48 * HOUR,
    });
    expect(verdict(box, IDLE_SINCE + 6 * HOUR, policy)).toBe("notify: idle");
  });
});

describe("one thing is otherwise, and the box stays", () => {
  it.each<[string, Partial<BoxFacts>]>([
    ["in-use", { inUse: "the agent claude is at work" }],
    ["in-use", { lastActivity: { at: NOW - HOUR + 1, by: "terminal" } }],
    ["in-use", { lastActivity: { at: NOW + CLOCK_TOLERANCE, by: "terminal" } }],
    ["within-grace", { lastActivity: { at: NOW - HOUR, by: "terminal" } }],
    ["within-grace", { heldUntil: NOW - 4 * DAY }],
    ["within-grace", { hold: { until: NOW, by: "alice", reason: "" } }],
    ["within-grace", { createdAt: NOW - 4 * DAY }],
    ["held", { hold: { until: NOW + 1, by: "alice", reason: "" } }],
    ["busy", { busy: true }],
    ["busy", { state: "creating" }],
    ["busy", { state: "destroying" }],
    ["state-unclear", { state: "starting" }],
    ["state-unclear", { state: "stopping" }],
    ["busy", { state: "stopping", busy: true }],
    ["state-unclear", { state: "paused" }],
    ["state-unclear", { state: "unknown" }],
    ["state-unclear", { state: "unregistered" }],
    ["not-observed", { observation: "failed" }],
    ["not-observed", { observation: "none" }],
    ["no-history", { lastActivity: undefined, createdAt: 0 }],
    ["clock-ahead", { lastActivity: { at: NOW + CLOCK_TOLERANCE + 1, by: "ssh" } }],
    ["clock-ahead", { lastActivity: undefined, createdAt: NOW + DAY }],
    ["clock-ahead", { heldUntil: NOW + DAY }],
    ["notice-not-delivered", { notices: [notice("stop", IDLE_SINCE, NOW - 48 * HOUR, { deliveredAt: undefined })] }],
    ["notice-running", { notices: [notice("stop", IDLE_SINCE, NOW - 48 * HOUR, { deliveredAt: NOW + DAY })] }],
  ])("%s: running with %o [FR-034] [X-01] [X-05]", (reason, change) => {
    expect(verdict(idleBox(change))).toBe(`none: ${reason}`);
  });

  it.each<[string, Partial<BoxFacts>]>([
    ["held", { hold: { until: NOW + 1, by: "alice", reason: "" } }],
    ["within-grace", { heldUntil: NOW - 11 * DAY }],
    ["within-grace", { stoppedAt: NOW - 11 * DAY }],
    ["busy", { busy: true }],
    ["no-history", { stoppedAt: undefined }],
    ["clock-ahead", { stoppedAt: NOW + CLOCK_TOLERANCE + 1 }],
    [
      "notice-not-delivered",
      { notices: [notice("destroy", STOPPED_SINCE, NOW - 48 * HOUR, { deliveredAt: undefined })] },
    ],
  ])("%s: stopped with %o [FR-035] [X-05]", (reason, change) => {
    expect(verdict(stoppedBox(change))).toBe(`none: ${reason}`);
  });

  it.each<[string, BoxFacts, Partial<LifecyclePolicy>]>([
    ["never-by-policy", idleBox(), { stopAfterIdle: null }],
    ["never-by-policy", stoppedBox(), { destroyAfterStopped: null }],
    ["within-grace", idleBox(), { stopAfterIdle: 10 * DAY }],
    ["within-grace", stoppedBox(), { destroyAfterStopped: 17 * DAY }],
    ["notice-running", idleBox(), { notice: 49 * HOUR, reminder: null }],
  ])("%s: by policy [FR-034] [FR-035]", (reason, box, policy) => {
    expect(verdict(box, NOW, policy)).toBe(`none: ${reason}`);
  });

  it.each<[string, Partial<BoxFacts>]>([
    ["was never sent", { notices: [] }],
    ["is of an earlier span", { notices: [notice("stop", IDLE_SINCE - 1, NOW - 48 * HOUR)] }],
    ["is of the other kind", { notices: [notice("destroy", IDLE_SINCE, NOW - 48 * HOUR)] }],
    ["is a reminder", { notices: [notice("stop", IDLE_SINCE, NOW - 48 * HOUR, { stage: "reminder" })] }],
  ])("a notice that %s is none [X-05]", (_, change) => {
    expect(verdict(idleBox(change))).toBe("notify: idle");
  });
});

describe("what is foreseen", () => {
  it("is counted from the end of a hold [X-03]", () => {
    const until = NOW + 3 * DAY;
    const hold = { until, by: "alice", reason: "training" };
    expect(decide(idleBox({ hold }), POLICY, NOW)).toMatchObject({ reason: "held", at: until + 7 * DAY, next: "stop" });
    expect(decide(stoppedBox({ hold }), POLICY, NOW)).toMatchObject({ at: until + 14 * DAY, next: "destroy" });
  });

  it("is nothing as long as nobody can say", () => {
    for (const change of [{ observation: "failed" }, { busy: true }, { inUse: "cpu" }] as const) {
      expect(decide(idleBox(change), POLICY, NOW)).toMatchObject({ at: undefined, next: undefined });
    }
  });

  it("is the schedule's when that comes first [X-16]", () => {
    const used = { lastActivity: { at: NOW, by: "ssh" } };
    const tonight = schedule({ nextStop: NOW + 8 * HOUR });
    expect(decide(idleBox({ ...used, schedule: tonight }), POLICY, NOW)).toMatchObject({
      at: NOW + 8 * HOUR,
      next: "stop",
    });
    expect(decide(idleBox({ ...used, schedule: tonight }), { ...POLICY, stopAfterIdle: null }, NOW)).toMatchObject({
      reason: "never-by-policy",
      at: NOW + 8 * HOUR,
    });
    const soon = schedule({ nextStop: NOW + MINUTE });
    expect(decide(idleBox({ ...used, schedule: soon }), POLICY, NOW).at).toBe(NOW + QUIET);
  });

  it("is a start only when somebody used the box [X-16]", () => {
    const tomorrow = schedule({ nextStart: NOW + DAY });
    const stopped = { stoppedAt: NOW - DAY, schedule: tomorrow };
    const used = stoppedBox({ ...stopped, lastActivity: { at: NOW - 2 * DAY, by: "ssh" } });
    expect(decide(used, POLICY, NOW)).toMatchObject({ reason: "within-grace", at: NOW + DAY, next: "start" });
    const unused = stoppedBox({ ...stopped, lastActivity: { at: NOW - 7 * DAY, by: "ssh" } });
    expect(decide(unused, POLICY, NOW)).toMatchObject({ at: NOW + 13 * DAY, next: "destroy" });
  });
});

describe("a schedule", () => {
  const stopDue = schedule({ due: { action: "stop", at: NOW } });
  const startDue = schedule({ due: { action: "start", at: NOW } });
  const quiet = (since: number) => idleBox({ schedule: stopDue, lastActivity: { at: since, by: "ssh" }, notices: [] });

  it("stops a box that is quiet for a quarter of an hour, without a notice [X-16]", () => {
    expect(verdict(quiet(NOW - QUIET))).toBe("stop: schedule");
    expect(verdict(quiet(NOW - QUIET), NOW - 1)).toBe("none: in-use");
    expect(decide(quiet(NOW - QUIET + 1), POLICY, NOW)).toMatchObject({ reason: "in-use", next: "stop", at: NOW + 1 });
  });

  it.each<[string, Partial<BoxFacts>]>([
    ["in-use", { inUse: "cpu" }],
    ["held", { hold: { until: NOW + 1, by: "alice", reason: "" } }],
    ["not-observed", { observation: "failed" }],
    ["clock-ahead", { lastActivity: { at: NOW + DAY, by: "ssh" } }],
    ["busy", { busy: true }],
  ])("does not stop one with %s [X-16]", (reason, change) => {
    expect(verdict({ ...quiet(NOW - DAY), ...change })).toBe(`none: ${reason}`);
  });

  it("starts a box that was used within the idle time, and no other [X-16]", () => {
    const used = (at: number) => stoppedBox({ schedule: startDue, lastActivity: { at, by: "ssh" } });
    expect(verdict(used(IDLE_SINCE))).toBe("start: schedule");
    expect(verdict(used(IDLE_SINCE), NOW - 1)).toBe("none: notice-running");
    expect(verdict(used(IDLE_SINCE - 1))).toBe("destroy: stopped-long");
    expect(verdict(used(IDLE_SINCE - 1), NOW, { stopAfterIdle: null })).toBe("start: schedule");
    expect(verdict({ ...used(NOW), state: "gone" })).toBe("destroy: stopped-long");
    expect(verdict({ ...used(NOW), hold: { until: NOW + 1, by: "alice", reason: "" } })).toBe("none: held");
  });

  it("has nothing to say to a box that is as it wants it", () => {
    expect(verdict(idleBox({ schedule: startDue }))).toBe("stop: idle");
    expect(verdict(stoppedBox({ schedule: stopDue }))).toBe("destroy: stopped-long");
  });
});

describe("a device that has to leave", () => {
  it("is seen to when nothing else is due", () => {
    const devicesLeaving = 1;
    expect(verdict(idleBox({ devicesLeaving }))).toBe("stop: idle");
    expect(verdict(idleBox({ devicesLeaving, busy: true }))).toBe("none: busy");
    const kept = decide(idleBox({ devicesLeaving }), POLICY, NOW - 1);
    expect(kept).toMatchObject({ action: "retry-cleanup", reason: "device-left", at: NOW, next: "stop" });
  });
});

describe("a notice", () => {
  const told = { kind: "stop", since: IDLE_SINCE } as const;
  it.each<[boolean, string, Partial<BoxFacts>]>([
    [false, "while its span runs", {}],
    [true, "once the box was used", { lastActivity: { at: NOW - DAY, by: "ssh" } }],
    [true, "while the box is in use", { inUse: "cpu" }],
    [true, "while the box is held", { hold: { until: NOW + DAY, by: "alice", reason: "" } }],
    [true, "once the box was stopped", { state: "stopped", stoppedAt: NOW - 2 * DAY }],
    [false, "when the box could not be looked at", { observation: "failed" }],
    [false, "while a command works on it", { busy: true }],
  ])("void: %s, %s [FR-036]", (expected, _, change) => {
    expect(isVoid(told, decide(idleBox(change), POLICY, NOW - DAY))).toBe(expected);
  });

  it("is void when the policy says never [FR-036]", () => {
    expect(isVoid(told, decide(idleBox(), { ...POLICY, stopAfterIdle: null }, NOW))).toBe(true);
  });
});
