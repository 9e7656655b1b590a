import { describe, expect, it } from "vitest";
import { heldFacts, lasting, overSince, type HoldJudge } from "../../../src/core/lifecycle/holds.ts";
import type { HoldRecord } from "../../../src/core/lifecycle/records.ts";
import { holdEnd } from "../../../src/core/lifecycle/until.ts";
import { DAY, HOUR, MINUTE } from "../../../src/core/time.ts";

const NOW = Date.UTC(2026, 10, 21, 12);
const judge: HoldJudge = { isAlive: ({ holder }) => holder?.pid !== 7, now: NOW, most: 14 * DAY };
const holder = (pid: number) => ({ pid, startTicks: "1", bootId: "boot" });
const hold = (change: Partial<HoldRecord> = {}): HoldRecord => ({
  ...{ id: 1, boxId: "b", until: NOW + DAY, by: "alice", reason: "", createdAt: NOW - HOUR },
  ...{ holder: undefined, endedAt: undefined, ...change },
});

describe("a hold", () => {
  it("is over at its end, not a millisecond before [X-03]", () => {
    expect(overSince(hold({ until: NOW }), judge)).toBe(NOW);
    expect(overSince(hold({ until: NOW + 1 }), judge)).toBeUndefined();
    expect(overSince(hold({ endedAt: NOW - MINUTE }), judge)).toBe(NOW - MINUTE);
    // The clock was set ahead, and the moment at which it ended was moved with it.
    expect(overSince(hold({ until: NOW - HOUR, endedAt: NOW }), judge)).toBe(NOW);
  });

  it("of a command is over when its process is gone, however that ended [X-03]", () => {
    expect(overSince(hold({ holder: holder(7) }), judge)).toBe(NOW);
    expect(overSince(hold({ holder: holder(8) }), judge)).toBeUndefined();
    expect(overSince(hold({ holder: holder(8), until: NOW - 1 }), judge)).toBe(NOW - 1);
  });

  it("never lasts longer than the maximum, also when it was made under another one or by another clock [X-03]", () => {
    const long = hold({ until: NOW + 400 * DAY });
    expect(lasting([long], judge)).toEqual([{ ...long, until: NOW - HOUR + 14 * DAY }]);
    expect(overSince(long, { ...judge, most: HOUR })).toBe(NOW);
  });

  it("counts with others, and the one that lasts longest is told [X-03]", () => {
    const longest = hold({ id: 3, until: NOW + 2 * DAY });
    expect(heldFacts([hold(), hold({ id: 2, holder: holder(7) }), longest], judge)).toEqual({
      hold: { until: NOW + 2 * DAY, by: "alice", reason: "" },
      heldUntil: NOW,
    });
    expect(heldFacts([hold({ endedAt: NOW - DAY }), hold({ until: NOW - HOUR })], judge)).toEqual({
      hold: undefined,
      heldUntil: NOW - HOUR,
    });
    expect(heldFacts([], judge)).toEqual({ hold: undefined, heldUntil: undefined });
    // An end that the clock has not come to yet is none that idle time could be counted from.
    expect(heldFacts([hold({ endedAt: NOW + HOUR })], judge).heldUntil).toBe(NOW);
  });
});

describe("the end of a hold that is asked for", () => {
  const bounds = { now: NOW, zone: "Europe/Berlin", most: 14 * DAY };
  const end = (asked: { for?: string; until?: string }) =>
    holdEnd({ for: undefined, until: undefined, ...asked }, bounds);
  const codeOf = (asked: { for?: string; until?: string }) => {
    try {
      return new Date(end(asked)).toISOString();
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };

  it.each([
    [{ for: "3d" }, "2026-11-24T12:00:00.000Z"],
    [{}, "2026-12-05T12:00:00.000Z"],
    [{ until: "2026-12-01" }, "2026-11-30T23:00:00.000Z"],
    [{ until: "2026-12-01 18:00" }, "2026-12-01T17:00:00.000Z"],
    [{ until: "2026-12-01T18:00:30" }, "2026-12-01T17:00:30.000Z"],
    [{ until: "2026-12-01T18:00:00Z" }, "2026-12-01T18:00:00.000Z"],
    [{ until: "2026-12-01t18:00:00.5+05:30" }, "2026-12-01T12:30:00.500Z"],
    [{ for: "14d" }, "2026-12-05T12:00:00.000Z"],
    [{ for: "15d" }, "LIMIT_HOLD"],
    [{ until: "2027-12-01" }, "LIMIT_HOLD"],
    [{ until: "9999-12-31T23:59:59Z" }, "LIMIT_HOLD"],
    [{ until: "2026-11-21 12:59" }, "USAGE"],
    [{ until: "2026-04-31" }, "USAGE"],
    [{ until: "2026-12-01 24:00" }, "USAGE"],
    [{ until: "tomorrow" }, "USAGE"],
    [{ until: "2026-12-01T18:00:00+99:00" }, "USAGE"],
    [{ until: "2026-12-01\u001b[2J" }, "USAGE"],
    [{ until: "" }, "USAGE"],
    [{ for: "0d" }, "USAGE"],
    [{ for: "-3d" }, "USAGE"],
    [{ for: "3 weeks" }, "USAGE"],
    [{ for: "999999999d" }, "LIMIT_HOLD"],
  ])("of %j is %s [X-03]", (asked, expected) => {
    expect(codeOf(asked)).toBe(expected);
  });

  it("that is too far away says what is the most, and where that is written [X-03]", () => {
    expect(() => end({ for: "15d" })).toThrow("a hold lasts 14d at most here, which is until 5 Dec 13:00.");
    expect(() => end({ until: "2026-11-21 12:59" })).toThrow('--until "2026-11-21 12:59" is past.');
  });
});
