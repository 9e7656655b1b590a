import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../../src/core/config/defaults.ts";
import type { UserLifecycle } from "../../../src/core/config/lifecycle-config.ts";
import { policyFor, within } from "../../../src/core/lifecycle/policy.ts";
import type { BoxPolicy } from "../../../src/core/lifecycle/records.ts";
import { DAY } from "../../../src/core/time.ts";

const { lifecycle } = DEFAULTS;
const policy = (user: UserLifecycle | undefined, own: BoxPolicy | undefined) => {
  const { stopAfterIdle, destroyAfterStopped } = policyFor(
    { lifecycle, users: { alice: { lifecycle: user } } },
    "alice",
    own,
  );
  return [stopAfterIdle, destroyAfterStopped].map((span) => (span === null ? "never" : span / DAY));
};
const own = (stopAfterIdle: number | null | undefined, destroyAfterStopped?: number | null): BoxPolicy => ({
  stopAfterIdle,
  destroyAfterStopped,
});

describe("the policy of a box", () => {
  it.each<[string, UserLifecycle | undefined, BoxPolicy | undefined, unknown[]]>([
    ["the host's", undefined, undefined, [7, 14]],
    ["the user's", { stopAfterIdle: 2 * DAY, destroyAfterStopped: undefined }, undefined, [2, 14]],
    [
      "the user's, which may be never and past the bounds",
      { stopAfterIdle: null, destroyAfterStopped: 999 * DAY },
      undefined,
      ["never", 999],
    ],
    ["the box's", { stopAfterIdle: null, destroyAfterStopped: null }, own(5 * DAY, 20 * DAY), [5, 20]],
    [
      "the box's, each by itself",
      { stopAfterIdle: null, destroyAfterStopped: null },
      own(undefined, 20 * DAY),
      ["never", 20],
    ],
    ["brought up to the least", undefined, own(1, 1), [3, 3]],
    ["brought down to the most", undefined, own(31 * DAY, 91 * DAY), [30, 90]],
    ["the most instead of never", undefined, own(null, null), [30, 90]],
  ])("is %s [FR-034] [FR-035]", (_, user, chosen, expected) => {
    expect(policy(user, chosen)).toEqual(expected);
  });

  it("is the host's for users whom the configuration does not know, whatever they are called", () => {
    for (const owner of ["bob", "constructor", "__proto__", ""]) {
      expect(policyFor({ lifecycle, users: {} }, owner, undefined)).toEqual({
        stopAfterIdle: 7 * DAY,
        destroyAfterStopped: 14 * DAY,
        notice: 2 * DAY,
        reminder: DAY / 4,
      });
    }
  });

  it("never is past the bounds by an owner's choice [FR-034]", () => {
    const span = fc.integer({ min: 0, max: 100 * DAY });
    const bounds = fc.record({ min: span, max: fc.option(span) }).filter(({ min, max }) => max === null || min <= max);
    fc.assert(
      fc.property(bounds, fc.option(span), ({ min, max }, chosen) => {
        const got = within({ min, max }, chosen);
        if (max === null && chosen === null) expect(got).toBeNull();
        else expect(got).toSatisfy((value: number) => value >= min && value <= (max ?? Number.POSITIVE_INFINITY));
      }),
    );
  });
});
