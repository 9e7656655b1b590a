import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../../src/core/config/defaults.ts";
import type { SignalSwitches } from "../../../src/core/config/lifecycle-config.ts";
import type { Signal } from "../../../src/core/lifecycle/activity.ts";
import { LEAST_WINDOW } from "../../../src/core/lifecycle/sample.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/core/time.ts";
import { agent, connection, having, hourAgo, idle, isIdle, look, NOON, process } from "../../support/glance.ts";

const { maxHold } = DEFAULTS.lifecycle;
const session = { kind: "exec" as const, id: "s1", remoteUser: null, bytesIn: null, bytesOut: null, ...process };
const without = (kind: keyof SignalSwitches) =>
  having({ signals: { ...DEFAULTS.lifecycle.activity.signals, [kind]: false } });

describe("a box that nobody uses", () => {
  it("is idle from the first look on, and a sample is kept of it [X-01]", () => {
    const { seen, sample } = look({});
    expect(seen).toMatchObject({ observation: "fresh", problem: undefined, inUse: undefined, signals: [] });
    expect(sample).toBeDefined();
    expect(isIdle(look({ before: hourAgo() }).seen)).toBe(true);
  });

  it("is not idle for want of an answer, or of what would have decided [X-01]", () => {
    expect(look({ activity: undefined })).toMatchObject({
      seen: { observation: "failed", problem: "the box does not say what goes on in it" },
      sample: undefined,
    });
    for (const line of [
      "terminals: Permission denied",
      "home: not all was read",
      "processes: looked at 64 of 900",
      "?",
    ])
      expect(look({ activity: idle({ unreadable: [line] }) }).seen, line).toMatchObject({
        observation: "failed",
        problem: `not all could be seen: ${line}`,
      });
    expect(look({ activity: idle({ cpu: null }) }).seen.problem).toBe("how much CPU time it used is not known");
    expect(look({ activity: idle({ instance: null }) }).seen.observation).toBe("failed");
  });

  it("is idle although something could not be read that hides no use [X-01]", () => {
    const harmless = [
      "workspace: is a link to /srv",
      "workspace: 3 folders are closed to dev",
      "hold: /home/dev/.devbox-hold: its first line is neither a time nor a duration",
      "connections: socket: Protocol not supported",
      "connections: bytes and times are unknown",
      "cpu: no cgroup figures; processes that ended are counted only where their parent lives",
    ];
    expect(isIdle(look({ activity: idle({ unreadable: harmless }) }).seen)).toBe(true);
    const terminals = { activity: idle({ unreadable: ["terminals: gone"] }) };
    expect(isIdle(look({ ...terminals, config: without("terminal") }).seen)).toBe(true);
  });
});

describe("what is typed and changed", () => {
  it("counts at its time, by the box's clock [X-01]", () => {
    const typed = { open: 1, lastInput: NOON - HOUR, lastOutput: NOON };
    // The box's clock is a day ahead.
    const ahead = idle({ now: NOON + DAY, terminals: { ...typed, lastInput: NOON + DAY - HOUR } });
    for (const activity of [idle({ terminals: typed }), ahead])
      expect(look({ activity }).seen.last).toEqual({ at: NOON - HOUR, by: "terminal" });
    const workspace = { lastChange: NOON - 2 * HOUR, path: "a/b\u001b[2J", entries: 9, complete: false, future: null };
    const changed = look({ activity: idle({ workspace }) }).seen;
    expect(changed.last).toEqual({ at: NOON - 2 * HOUR, by: "workspace" });
    expect(changed.signals?.[0]?.words).toBe("a/b\\u{1b}[2J changed in the workspace");
    expect(look({ activity: idle({ workspace }), config: without("workspace") }).seen.last).toBeUndefined();
    expect(look({ activity: idle({ terminals: typed }), config: without("terminal") }).seen.last).toBeUndefined();
  });

  it("ends in a tmux with a sleeping shell: it is idle [X-01]", () => {
    const tmux = { kind: "tmux" as const, panes: 1, clients: 0, ...process, lastInput: NOON - 3 * DAY };
    const activity = idle({ detached: [tmux], terminals: { open: 1, lastInput: NOON - 3 * DAY, lastOutput: null } });
    const { seen } = look({ activity, before: hourAgo({ detached: [tmux] }) });
    expect(seen).toMatchObject({ inUse: undefined, last: { at: NOON - 3 * DAY, by: "terminal" } });
  });
});

describe("sessions", () => {
  it("count for a span after they were opened or typed in, and then not [X-01]", () => {
    const open = (since: number, lastInput: number | null = null) =>
      look({ activity: idle({ sessions: [{ ...session, kind: "tailscale-ssh", since, lastInput }] }) }).seen;
    expect(open(NOON - HOUR)).toMatchObject({ inUse: "an SSH session is open", last: { at: NOON, by: "ssh" } });
    expect(open(NOON - DAY)).toMatchObject({ inUse: undefined, last: { at: NOON - 12 * HOUR, by: "ssh" } });
    expect(open(NOON - DAY, NOON - 2 * HOUR).inUse).toBe("an SSH session is open");
  });

  it("do not where connections are turned off [X-01]", () => {
    const activity = idle({ sessions: [{ ...session, since: NOON - HOUR }] });
    expect(look({ activity, config: without("connection") }).seen.inUse).toBeUndefined();
  });
});

describe("CPU time", () => {
  it("is use from a share of a core on, over the whole time since the last look [X-01]", () => {
    const used = (seconds: number, config = DEFAULTS.lifecycle) =>
      look({
        before: hourAgo(),
        activity: idle({ cpu: { seconds, source: "cgroup1", processes: 9, groups: [] } }),
        config,
      }).seen;
    expect(used(100 + 359).inUse).toBeUndefined();
    expect(used(100 + 360)).toMatchObject({ inUse: "its programs used 10 % of a core over the last 1 h" });
    expect(used(100 + 3600).last).toEqual({ at: NOON, by: "cpu" });
    expect(used(100 + 3600, without("cpu") as typeof DEFAULTS.lifecycle).inUse).toBeUndefined();
    expect(used(100 + 360, having({ cpuPercent: 11 }) as typeof DEFAULTS.lifecycle).inUse).toBeUndefined();
  });

  it("is the engine's, also where the box has none, and the higher of the two [X-01]", () => {
    const before = hourAgo({ cpu: null }, { counters: { cpuSeconds: 10, networkBytes: undefined } });
    const seen = (cpuSeconds: number) =>
      look({ before, activity: idle({ cpu: null }), counters: { cpuSeconds, networkBytes: undefined } }).seen;
    expect(seen(11)).toMatchObject({ observation: "fresh", inUse: undefined });
    expect(seen(1000).inUse).toMatch(/^its programs used 28 %/);
    const zero = hourAgo({}, { counters: { cpuSeconds: 0, networkBytes: 0 } });
    const busy = idle({ cpu: { seconds: 4000, source: "cgroup1", processes: 9, groups: [] } });
    expect(
      look({ before: zero, activity: busy, counters: { cpuSeconds: 0, networkBytes: 0 } }).seen.inUse,
    ).toBeDefined();
  });

  it("that shrank, or comes from elsewhere, says nothing once, and is compared again then [X-01]", () => {
    const shrunk = idle({ cpu: { seconds: 7, source: "cgroup1", processes: 9, groups: [] } });
    const first = look({ before: hourAgo(), activity: shrunk });
    expect(first.seen).toMatchObject({ observation: "failed", inUse: undefined });
    const later = idle({ cpu: shrunk.cpu }, NOON + HOUR);
    expect(isIdle(look({ before: { ...first, at: NOON }, activity: later, now: NOON + HOUR }).seen)).toBe(true);
    const other = idle({ cpu: { seconds: 700, source: "cgroup2", processes: 9, groups: [] } });
    expect(look({ before: hourAgo(), activity: other }).seen.observation).toBe("failed");
  });

  it("is counted from the start after the box was started again [X-01]", () => {
    const cpu = { seconds: 3, source: "cgroup1", processes: 9, groups: [] };
    expect(
      isIdle(look({ before: hourAgo(), activity: idle({ instance: "boot:200", uptimeSeconds: 600, cpu }) }).seen),
    ).toBe(true);
  });
});

describe("a second look shortly after the first", () => {
  const cpu = (seconds: number) => ({ seconds, source: "cgroup1", processes: 9, groups: [] });

  it("says the same: what the looks themselves cost is no use [X-01]", () => {
    const first = look({ before: hourAgo() });
    const at = NOON + 2 * SECOND;
    const again = look({ before: { ...first, at: NOON }, activity: idle({ cpu: cpu(101) }, at), now: at });
    expect(isIdle(again.seen, at)).toBe(true);
    // The first one stays what later looks are compared with.
    expect(again.sample).toBeUndefined();
  });

  it("is kept when it is a minute later [X-01]", () => {
    const at = NOON + LEAST_WINDOW;
    const again = look({ before: { ...look({}), at: NOON }, activity: idle({ cpu: cpu(130) }, at), now: at });
    expect(again.sample).toBeDefined();
    expect(again.seen.inUse).toBe("its programs used 50 % of a core over the last 1 min");
  });
});

describe("the network", () => {
  const seen = (bytes: number | undefined, config = having({})) => {
    const counters = (networkBytes: number | undefined) => ({ cpuSeconds: undefined, networkBytes });
    return look({ before: hourAgo({}, { counters: counters(5000) }), counters: counters(bytes), config }).seen;
  };

  it("is use from so many bytes a minute on; unknown is no failure [X-01]", () => {
    expect(seen(5000 + 60 * 65_536).inUse).toBe("3.8 MiB came and went over the network in the last 1 h");
    expect(isIdle(seen(4000 + 60 * 65_536))).toBe(true);
    expect(isIdle(seen(undefined))).toBe(true);
    expect(isIdle(seen(0))).toBe(true);
    expect(isIdle(seen(1e9, without("network")))).toBe(true);
    expect(seen(5000 + 60 * 1000, having({ networkBytes: 1000 })).inUse).toBeDefined();
  });
});

describe("agents", () => {
  /** Looks every hour at an agent that has used so many seconds by then. */
  const watched = (...seconds: number[]) => {
    let before: ReturnType<typeof hourAgo> | undefined;
    let seen = look({}).seen;
    for (const [hour, cpuSeconds] of seconds.entries()) {
      const now = NOON + hour * HOUR;
      const result = look({
        ...(before === undefined ? {} : { before }),
        activity: idle({ agents: [{ ...agent, since: NOON - HOUR, cpuSeconds }] }, now),
        now,
      });
      before = { ...result, at: now };
      ({ seen } = result);
    }
    return seen;
  };

  it("count while they think, and for a span after the last that they did [X-01]", () => {
    expect(watched(100, 100, 100, 100)).toMatchObject({ inUse: "the agent claude is at work" });
    const hours = Array.from({ length: 15 }, () => 100);
    expect(watched(...hours)).toMatchObject({ inUse: undefined, last: { at: NOON + 12 * HOUR, by: "agent claude" } });
  });

  it("count as long as they take steps, however few [X-01]", () => {
    const steps = Array.from({ length: 40 }, (_, hour) => 100 + (hour % 5 === 0 ? 6 : 0) + Math.floor(hour / 5) * 6);
    expect(watched(...steps).inUse).toBe("the agent claude is at work");
  });

  it("do not for what one that waits uses by itself, always about as much [X-01]", () => {
    const jitter = Array.from({ length: 40 }, (_, hour) => 100 + hour * 36 + (hour % 3));
    expect(watched(...jitter).inUse).toBeUndefined();
  });

  it("count when they read or write on their terminal, and not at all when they are turned off [X-01]", () => {
    const activity = idle({
      agents: [{ ...agent, since: NOON - 5 * DAY, cpuSeconds: 1, lastOutput: NOON - 3 * HOUR }],
    });
    expect(look({ activity }).seen.inUse).toBe("the agent claude is at work");
    expect(look({ activity, config: having({ agent: 2 * HOUR }) }).seen.last).toEqual({
      at: NOON - HOUR,
      by: "agent claude",
    });
    expect(look({ activity, config: without("agent") }).seen.signals).toEqual([]);
  });
});

describe("hold files", () => {
  const file = { path: "/home/dev/.devbox-hold", since: NOON - DAY, until: null, future: false };
  const held = (change: Partial<typeof file | { since: null; until: number }>, config = DEFAULTS.lifecycle) =>
    look({ activity: idle({ holds: [{ ...file, ...change }] }), config }).seen;

  it("hold until their end, and never longer than administrators allow [X-03]", () => {
    expect(held({ until: NOON + HOUR }).hold).toEqual({ until: NOON + HOUR, by: `the file ${file.path}`, reason: "" });
    expect(held({}).hold?.until).toBe(NOON - DAY + maxHold);
    expect(held({ until: NOON + 1000 * DAY }).hold?.until).toBe(NOON - DAY + maxHold);
    expect(held({ since: NOON - maxHold }).hold).toBeUndefined();
    expect(held({}, without("hold") as typeof DEFAULTS.lifecycle)).toMatchObject({ hold: undefined, signals: [] });
  });

  it("are counted from when they were first seen where their time lies ahead [X-03]", () => {
    const holds = [{ ...file, since: null, future: true }];
    const before = hourAgo({ holds });
    expect(look({ before, activity: idle({ holds }) }).seen.hold?.until).toBe(NOON - HOUR + maxHold);
    const restarted = idle({ holds, instance: "boot:200", uptimeSeconds: 60 });
    expect(look({ before, activity: restarted }).seen.hold?.until).toBe(NOON - HOUR + maxHold);
  });

  it("leave a box idle from their end on [X-03]", () => {
    const signal: Partial<Signal> = { kind: "hold", at: NOON - HOUR, by: "hold file" };
    expect(held({ until: NOON - HOUR }).signals).toMatchObject([{ ...signal, words: `the file ${file.path} held it` }]);
    expect(held({ until: NOON + HOUR }).signals).toMatchObject([{ words: `the file ${file.path} holds it` }]);
    expect(held({ until: NOON + HOUR }).last).toEqual({ at: NOON, by: "hold file" });
  });
});

describe("a clock that is set between two looks", () => {
  it.each([
    ["back", -HOUR],
    ["forward", DAY],
  ])("%s is noticed once, and counted over all the same [X-01]", (_, shift) => {
    const now = NOON + shift;
    const activity = { ...idle({}, NOON), now };
    const first = look({ before: hourAgo(), activity, now });
    expect(first.seen).toMatchObject({ observation: "failed", problem: "the clock was set since the last look" });
    const busy = { ...activity, cpu: { seconds: 2000, source: "cgroup1", processes: 9, groups: [] } };
    expect(look({ before: hourAgo(), activity: busy, now }).seen.inUse).toMatch(/53 % of a core over the last 1 h/);
    const later = { ...idle({}, NOON + 5 * MINUTE), now: now + 5 * MINUTE };
    expect(
      isIdle(look({ before: { ...first, at: now }, activity: later, now: now + 5 * MINUTE }).seen, later.now),
    ).toBe(true);
  });
});

it("connections have tests of their own", () => {
  expect(look({ activity: idle({ connections: [connection] }) }).seen.inUse).toBe(
    "a connection to code-server is open",
  );
});
