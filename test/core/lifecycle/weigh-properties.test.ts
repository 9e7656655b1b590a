import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseActivity, type Activity } from "../../../src/core/activity.ts";
import { DEFAULTS } from "../../../src/core/config/defaults.ts";
import { weigh, type Weighed } from "../../../src/core/lifecycle/activity.ts";
import { readSample, writeSample } from "../../../src/core/lifecycle/sample.ts";
import { DAY, HOUR } from "../../../src/core/time.ts";
import { agent, connection, idle, NOON, process } from "../../support/glance.ts";

const config = DEFAULTS.lifecycle;
const amount = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e12, noNaN: true }));
/** Around the looks, and far from them. */
const moment = fc.oneof(fc.integer({ min: NOON - 40 * DAY, max: NOON }), fc.constantFrom(0, 1, NOON, NOON - HOUR));
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 6 });
const facts = {
  pid: fc.nat({ max: 9 }),
  since: maybe(moment),
  lastInput: maybe(moment),
  lastOutput: maybe(moment),
  cpuSeconds: maybe(amount),
};
const of = <T extends object, C extends object>(ground: T, change: { [K in keyof C]: fc.Arbitrary<C[K]> }) =>
  fc.record(change).map((changed) => ({ ...ground, ...changed }));
const session = { id: null, remoteUser: null, bytesIn: null, bytesOut: null, ...process };

const activity: fc.Arbitrary<Activity> = fc
  .record({
    now: fc.integer({ min: NOON - DAY, max: NOON + DAY }),
    uptimeSeconds: maybe(amount),
    instance: maybe(fc.constantFrom("boot:1", "boot:2")),
    sessions: some(
      of({ ...session, kind: "exec" as const }, { ...facts, kind: fc.constantFrom("exec", "zed", "forward") }),
    ),
    connections: some(
      of(connection, {
        kind: fc.constantFrom("code-server", "syncthing", "tcp"),
        port: fc.nat({ max: 3 }),
        id: fc.string(),
        from: maybe(fc.constantFrom("root", "dev", "outside")),
        bytesIn: maybe(amount),
        lastIn: maybe(moment),
      }),
    ),
    terminals: maybe(fc.record({ open: fc.nat(), lastInput: maybe(moment), lastOutput: maybe(moment) })),
    cpu: maybe(of({ processes: 3, groups: [] }, { seconds: amount, source: fc.constantFrom("cgroup1", "cgroup2") })),
    agents: some(of(agent, { ...facts, name: fc.string() })),
    holds: some(
      fc.record({
        path: fc.string(),
        since: maybe(moment),
        until: maybe(fc.nat({ max: NOON * 2 })),
        future: fc.boolean(),
      }),
    ),
    unreadable: fc.array(fc.oneof(fc.string(), fc.constantFrom("home: x", "cpu: x", "workspace: is a link to")), {
      maxLength: 2,
    }),
  })
  .map((change) => ({ ...idle(), ...change }));

const counters = fc.option(
  fc.record({
    cpuSeconds: fc.option(amount, { nil: undefined }),
    networkBytes: fc.option(amount, { nil: undefined }),
  }),
  { nil: undefined },
);
const glance = fc.record({
  activity: fc.option(activity, { nil: undefined }),
  counters,
  now: fc.integer({ min: NOON - DAY, max: NOON + DAY }),
});

it("whatever is seen, one after the other: an answer, bounded, in the past, and nothing is thrown [X-01]", () => {
  fc.assert(
    fc.property(fc.array(glance, { minLength: 1, maxLength: 6 }), (glances) => {
      let previous: { at: number; data: string } | undefined;
      for (const { now, ...seen } of glances) {
        const weighed: Weighed = weigh({ previous, config, now, ...seen });
        const { observation, problem, inUse, last, signals = [], hold } = weighed.seen;
        expect(observation === "failed").toBe(problem !== undefined);
        if (observation === "failed") expect(inUse).toBeUndefined();
        for (const signal of signals) expect(signal.at).toBeLessThanOrEqual(now);
        expect(last?.at).toBe(signals[0]?.at);
        if (hold !== undefined) {
          expect(hold.until).toBeGreaterThan(now);
          expect(hold.until).toBeLessThanOrEqual(now + config.maxHold);
        }
        for (const text of [inUse ?? "", ...signals.flatMap(({ by, words }) => [by, words])])
          // eslint-disable-next-line no-control-regex -- what must not be there
          expect(text).not.toMatch(/[\u0000-\u001f\u007f]/);
        if (seen.activity === undefined)
          expect(weighed).toMatchObject({ sample: undefined, seen: { observation: "failed" } });
        if (weighed.sample === undefined) continue;
        expect(weighed.sample.length).toBeLessThan(100_000);
        expect(readSample({ data: weighed.sample })).toBeDefined();
        previous = { at: now, data: weighed.sample };
      }
    }),
    { numRuns: 500 },
  );
});

it("a box that shows nothing more is idle in the end, whatever was seen of it before [X-01]", () => {
  fc.assert(
    fc.property(fc.array(glance, { maxLength: 4 }), fc.constantFrom("boot:1", "boot:2"), (glances, instance) => {
      let previous: { at: number; data: string } | undefined;
      const remember = (at: number, { sample }: Weighed) => {
        if (sample !== undefined) previous = { at, data: sample };
      };
      for (const { now, ...seen } of glances) remember(now, weigh({ previous, config, now, ...seen }));
      const quiet = (hour: number) => {
        const now = NOON + 2 * DAY + hour * HOUR;
        const change = { now, instance, uptimeSeconds: 1e6 + hour * 3600 };
        const weighed = weigh({ previous, config, now, activity: idle(change), counters: undefined });
        remember(now, weighed);
        return weighed.seen;
      };
      quiet(0);
      quiet(1);
      expect(quiet(2)).toMatchObject({ observation: "fresh", inUse: undefined, hold: undefined, signals: [] });
    }),
    { numRuns: 300 },
  );
});

it("what is kept is read again, and garbage is read as nothing [X-01]", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (data) => {
      const kept = readSample({ data });
      if (kept !== undefined) expect(readSample({ data: writeSample(kept) })).toEqual(kept);
      expect(() =>
        weigh({ previous: { at: NOON, data }, config, now: NOON, activity: idle(), counters: undefined }),
      ).not.toThrow();
    }),
  );
});

it("whatever the probe prints is weighed [X-01]", () => {
  const raw = fc.oneof(
    fc.json(),
    activity.map((answer) => JSON.stringify({ version: 1, ...answer, now: NOON / 1000 })),
  );
  fc.assert(
    fc.property(raw, (text) => {
      const parsed = parseActivity(text);
      const { seen } = weigh({ previous: undefined, config, now: NOON, activity: parsed, counters: undefined });
      // It has parts that are missing: that is no proof of anything.
      if (seen.inUse === undefined) expect(seen.observation).toBe("failed");
    }),
  );
});
