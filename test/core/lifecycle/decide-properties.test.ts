import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOCK_TOLERANCE } from "../../../src/core/lifecycle/clock.ts";
import { decide, QUIET } from "../../../src/core/lifecycle/decide.ts";
import type { Action, BoxFacts, Decision, LifecyclePolicy, Reason } from "../../../src/core/lifecycle/facts.ts";
import { DAY, HOUR, type Millis } from "../../../src/core/time.ts";
import { anyCase, anyPolicy, idleBox, notice, NOW, stoppedBox } from "./facts.ts";

const RUNS = { numRuns: 10_000 };

/** Everything that must be true when a box is stopped or destroyed, said in other words than decide's own. */
function excuse(box: BoxFacts, policy: LifecyclePolicy, { action, reason }: Decision): string | undefined {
  if (box.busy) return "busy";
  if (box.hold !== undefined && !(box.hold.until <= NOW)) return "held";
  const relevant = action === "stop" ? [box.lastActivity?.at, box.createdAt] : [box.stoppedAt];
  const times = [...relevant, box.heldUntil, box.hold?.until].filter((time) => time !== undefined && time > 0);
  if (times.length === 0) return "without history";
  const since = Math.max(...(times as Millis[]));
  if (since > NOW + CLOCK_TOLERANCE) return "in the future";
  if (action === "stop") {
    if (box.state !== "running" || box.observation !== "fresh") return "not seen to run";
    if (box.inUse !== undefined) return "in use";
    if (reason === "schedule") return NOW - since >= QUIET ? undefined : "used just now";
  } else if (box.state !== "stopped" && box.state !== "gone") return "not stopped";
  const span = action === "stop" ? policy.stopAfterIdle : policy.destroyAfterStopped;
  if (span === null || NOW - since < span) return "too early";
  const kind = action === "stop" ? "stop" : "destroy";
  const told = box.notices.some(
    (each) =>
      each.kind === kind &&
      each.stage === "first" &&
      each.since === since &&
      each.deliveredAt !== undefined &&
      NOW - each.deliveredAt >= policy.notice,
  );
  return told ? undefined : "not told, or not long enough ago";
}

const REASONS: Readonly<Record<Action, readonly Reason[]>> = {
  none: [
    ...(["in-use", "held", "busy", "state-unclear", "not-observed", "no-history", "clock-ahead"] as const),
    ...(["within-grace", "notice-not-delivered", "notice-running", "never-by-policy"] as const),
  ],
  notify: ["idle", "stopped-long"],
  start: ["schedule"],
  stop: ["idle", "schedule"],
  destroy: ["stopped-long"],
  "retry-cleanup": ["device-left"],
};

describe("the decision, whatever is said of a box", () => {
  it("is there, with a reason that belongs to it [FR-034] [FR-035]", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyCase, ({ box, policy }) => {
        const { action, reason, notice: told, at } = decide(box, policy, NOW);
        seen.add(`${action}: ${reason}`);
        expect(REASONS[action]).toContain(reason);
        expect(told !== undefined).toBe(action === "notify");
        expect(at).not.toBeNaN();
      }),
      { ...RUNS, seed: 6 },
    );
    const all = Object.entries(REASONS).flatMap(([action, reasons]) => reasons.map((reason) => `${action}: ${reason}`));
    expect([...seen].sort()).toEqual(all.sort());
  });

  it("never ends a box that is used, held, unseen, untold, without history or from the future [X-01] [X-05]", () => {
    fc.assert(
      fc.property(anyCase, ({ box, policy }) => {
        const decision = decide(box, policy, NOW);
        if (decision.action === "stop" || decision.action === "destroy")
          expect(excuse(box, policy, decision)).toBeUndefined();
      }),
      RUNS,
    );
  });

  it("never ends a box whose policy says never [FR-034] [FR-035]", () => {
    const never = { stopAfterIdle: null, destroyAfterStopped: null };
    fc.assert(
      fc.property(anyCase, ({ box, policy }) => {
        const { action, reason } = decide(box, { ...policy, ...never }, NOW);
        expect(["idle", "stopped-long"]).not.toContain(reason);
        expect(["notify", "destroy"]).not.toContain(action);
      }),
      RUNS,
    );
  });

  it("does nothing by a clock that says nothing", () => {
    fc.assert(
      fc.property(anyCase, fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, 0), ({ box, policy }, now) => {
        expect(["none", "retry-cleanup", "notify"]).toContain(decide(box, policy, now).action);
      }),
    );
  });
});

const past = fc.integer({ min: 0, max: 60 * DAY }).map((span) => NOW - span);
const kinds = fc.constantFrom("stop" as const, "destroy" as const);

/** A box of which nothing is known but since when it is unused, or stopped; and what its owner was told. */
function since(
  kind: "stop" | "destroy",
  moment: Millis,
  told: Millis | undefined,
  change: Partial<BoxFacts> = {},
): BoxFacts {
  const notices = told === undefined ? [] : [notice(kind, moment, Math.max(moment, told))];
  const used = { at: moment, by: "ssh" };
  return kind === "stop"
    ? idleBox({ lastActivity: used, notices, createdAt: 1, ...change })
    : stoppedBox({ stoppedAt: moment, notices, ...change });
}

describe("the moment that is foreseen", () => {
  it("never comes earlier for a box that was used, stopped or held later [FR-034] [FR-035]", () => {
    fc.assert(
      fc.property(kinds, fc.tuple(past, past), fc.option(past), anyPolicy, (kind, moments, told, policy) => {
        const [earlier, later] = [Math.min(...moments), Math.max(...moments)];
        const at = (box: BoxFacts): Millis => decide(box, policy, NOW).at ?? Number.POSITIVE_INFINITY;
        const unused = since(kind, earlier, told ?? undefined);
        const held = { ...unused, heldUntil: later };
        expect(at(since(kind, later, told ?? undefined))).toBeGreaterThanOrEqual(at(unused));
        expect(at(held)).toBeGreaterThanOrEqual(at(unused));
      }),
      RUNS,
    );
  });

  it("is when it happens, to the millisecond, when notices are delivered as they are asked for [X-02] [X-07]", () => {
    const ahead = fc.option(fc.integer({ min: 1, max: 14 * DAY }), { nil: undefined });
    fc.assert(
      fc.property(kinds, past, ahead, anyPolicy, (kind, moment, hold, policy) => {
        const until = hold === undefined ? undefined : NOW + hold;
        let box = since(kind, moment, undefined, {
          hold: until === undefined ? undefined : { until, by: "alice", reason: "" },
        });
        const { at, next } = decide(box, policy, NOW);
        const span = kind === "stop" ? policy.stopAfterIdle : policy.destroyAfterStopped;
        if (at === undefined) {
          expect(span).toBeNull();
          return;
        }
        expect(next).toBe(kind);
        const delivered = (now: Millis): Action => {
          const { action, notice: told } = decide(box, policy, now);
          if (told !== undefined) {
            const sent = { ...told, sentAt: now, deliveredAt: now, problem: undefined };
            box = { ...box, notices: [...box.notices, sent] };
          }
          return action;
        };
        // The moments at which something has to be told, then the last one at which nothing may happen.
        for (const lead of [policy.notice, policy.reminder ?? 1, 1]) {
          expect(delivered(Math.max(NOW, at - lead))).toSatisfy(
            (action: Action) => action === "none" || action === "notify",
          );
        }
        expect(delivered(at)).toBe(kind);
      }),
      RUNS,
    );
  });

  it("is a start's when the schedule's next start comes first [X-16]", () => {
    fc.assert(
      fc.property(past, fc.integer({ min: 1, max: 20 * 24 }), anyPolicy, (stoppedAt, hours, policy) => {
        const nextStart = NOW + hours * HOUR;
        const box = stoppedBox({
          ...{ stoppedAt, notices: [], lastActivity: { at: stoppedAt, by: "ssh" }, createdAt: 1 },
          schedule: { due: undefined, nextStart, nextStop: undefined },
        });
        const { next, at } = decide(box, policy, NOW);
        if (next !== "start") return;
        expect(at).toBe(nextStart);
        const schedule = {
          due: { action: "start" as const, at: nextStart },
          nextStart: undefined,
          nextStop: undefined,
        };
        expect(decide({ ...box, schedule }, policy, nextStart)).toMatchObject({ action: "start", reason: "schedule" });
      }),
      RUNS,
    );
  });
});
