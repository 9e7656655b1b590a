import fc from "fast-check";
import type { BoxState } from "../../../src/core/box.ts";
import type { BoxFacts, LifecyclePolicy, NoticeFacts } from "../../../src/core/lifecycle/facts.ts";
import { DAY, HOUR, MINUTE, type Millis } from "../../../src/core/time.ts";

export const NOW: Millis = Date.UTC(2026, 2, 1, 12);

export const POLICY: LifecyclePolicy = {
  stopAfterIdle: 7 * DAY,
  destroyAfterStopped: 14 * DAY,
  notice: 48 * HOUR,
  reminder: 6 * HOUR,
};

/** A first notice of the span since a moment, delivered as it was sent. */
export function notice(
  kind: NoticeFacts["kind"],
  since: Millis,
  sentAt: Millis,
  change: Partial<NoticeFacts> = {},
): NoticeFacts {
  return { kind, stage: "first", since, sentAt, deliveredAt: sentAt, problem: undefined, ...change };
}

/** A running box that is unused for exactly seven days, of which its owner was told two days and a reminder ago. */
export function idleBox(change: Partial<BoxFacts> = {}): BoxFacts {
  const since = NOW - 7 * DAY;
  return {
    id: "abcdefgh",
    name: "api",
    owner: "alice",
    state: "running",
    desired: "running",
    busy: false,
    createdAt: NOW - 100 * DAY,
    lastActivity: { at: since, by: "ssh" },
    stoppedAt: undefined,
    observation: "fresh",
    inUse: undefined,
    hold: undefined,
    heldUntil: undefined,
    schedule: undefined,
    notices: [notice("stop", since, NOW - 48 * HOUR), notice("stop", since, NOW - 6 * HOUR, { stage: "reminder" })],
    devicesLeaving: 0,
    archiveProblem: undefined,
    ...change,
  };
}

/** A box that is stopped for exactly fourteen days, of which its owner was told. */
export function stoppedBox(change: Partial<BoxFacts> = {}): BoxFacts {
  const since = NOW - 14 * DAY;
  return idleBox({
    state: "stopped",
    desired: "stopped",
    lastActivity: { at: NOW - 21 * DAY, by: "ssh" },
    stoppedAt: since,
    observation: "none",
    notices: [
      notice("destroy", since, NOW - 48 * HOUR),
      notice("destroy", since, NOW - 6 * HOUR, { stage: "reminder" }),
    ],
    ...change,
  });
}

const STATES: readonly BoxState[] = [
  ...(["running", "stopped", "paused", "starting", "stopping"] as const),
  ...(["creating", "destroying", "gone", "unregistered", "unknown"] as const),
];

/** Moments around now, with those at which something turns; also wrong ones. */
const anyMoment: fc.Arbitrary<Millis> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -40 * 24, max: 2 }).map((hours) => NOW + hours * HOUR) },
  { weight: 3, arbitrary: fc.integer({ min: -40 * DAY, max: 10 * MINUTE }).map((span) => NOW + span) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, NOW + 365 * DAY) },
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });

const anyNotice: fc.Arbitrary<NoticeFacts> = fc.record({
  kind: fc.constantFrom("stop" as const, "destroy" as const),
  stage: fc.constantFrom("first" as const, "reminder" as const),
  since: anyMoment,
  sentAt: anyMoment,
  deliveredAt: maybe(anyMoment),
  problem: maybe(fc.constant("no route")),
});

/** Anything that a box may be said to be, also what cannot be. */
const anyFacts: fc.Arbitrary<BoxFacts> = fc.record({
  id: fc.constant("abcdefgh"),
  name: fc.constant("api"),
  owner: fc.constant("alice"),
  state: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("running" as const, "stopped" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...STATES) },
  ),
  desired: fc.constantFrom("running" as const, "stopped" as const),
  busy: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  createdAt: anyMoment,
  lastActivity: maybe(fc.record({ at: anyMoment, by: fc.constant("ssh") })),
  stoppedAt: maybe(anyMoment),
  observation: fc.constantFrom("fresh" as const, "fresh" as const, "failed" as const, "none" as const),
  inUse: fc.option(fc.constant("the agent claude is at work"), { nil: undefined, freq: 3 }),
  hold: fc.option(fc.record({ until: anyMoment, by: fc.constant("alice"), reason: fc.constant("") }), {
    nil: undefined,
    freq: 3,
  }),
  heldUntil: maybe(anyMoment),
  schedule: fc.option(
    fc.record({
      due: maybe(fc.record({ action: fc.constantFrom("start" as const, "stop" as const), at: anyMoment })),
      nextStart: maybe(fc.integer({ min: 1, max: 40 * 24 }).map((hours) => NOW + hours * HOUR)),
      nextStop: maybe(fc.integer({ min: 1, max: 40 * 24 }).map((hours) => NOW + hours * HOUR)),
    }),
    { nil: undefined, freq: 3 },
  ),
  notices: fc.array(anyNotice, { maxLength: 4 }),
  devicesLeaving: fc.constantFrom(0, 0, 0, 2),
  archiveProblem: maybe(fc.constant("no room")),
});

const anySpan = fc.oneof(fc.constantFrom(null, 7 * DAY, 14 * DAY, 3 * DAY), fc.integer({ min: 1, max: 30 * DAY }));

export const anyPolicy: fc.Arbitrary<LifecyclePolicy> = fc.record({
  stopAfterIdle: anySpan,
  destroyAfterStopped: anySpan,
  notice: fc.oneof(fc.constant(48 * HOUR), fc.integer({ min: 1, max: 10 * DAY })),
  reminder: fc.oneof(fc.constantFrom(null, 6 * HOUR), fc.integer({ min: 1, max: 10 * DAY })),
});

/** Notices mostly are about the span that counts, or nothing would ever be near its end. */
export const anyCase: fc.Arbitrary<{ readonly box: BoxFacts; readonly policy: LifecyclePolicy }> = fc
  .record({ box: anyFacts, policy: anyPolicy, isMatching: fc.nat({ max: 3 }).map((n) => n > 0) })
  .map(({ box, policy, isMatching }) => {
    const counted = box.state === "running" ? [box.lastActivity?.at, box.createdAt] : [box.stoppedAt];
    const times = [...counted, box.heldUntil, box.hold?.until].filter((time) => time !== undefined && time > 0);
    const since = Math.max(...(times as Millis[]));
    const kind = box.state === "running" ? ("stop" as const) : ("destroy" as const);
    return {
      box: isMatching ? { ...box, notices: box.notices.map((each) => ({ ...each, kind, since })) } : box,
      policy,
    };
  });
