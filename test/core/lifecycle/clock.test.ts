import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOCK_TOLERANCE, clockShift, moved, parseTick, type Tick } from "../../../src/core/lifecycle/clock.ts";
import { DAY, HOUR, MINUTE } from "../../../src/core/time.ts";
import { NOW } from "./facts.ts";

const before: Tick = { wall: NOW, uptime: 5 * DAY, bootId: "one" };
const later = (wall: number, uptime: number): Tick => ({
  wall: NOW + wall,
  uptime: before.uptime + uptime,
  bootId: "one",
});
const booted = (wall: number, uptime = MINUTE): Tick => ({ wall: NOW + wall, uptime, bootId: "two" });

describe("between two looks at the clocks", () => {
  it.each<[string, Tick, number]>([
    ["an hour is an hour", later(HOUR, HOUR), 0],
    ["the clock went back an hour", later(0, HOUR), -HOUR],
    ["the clock went ahead a day", later(DAY + HOUR, HOUR), DAY],
    ["it was corrected as clocks are", later(HOUR + CLOCK_TOLERANCE, HOUR), 0],
    ["it was corrected back as clocks are", later(HOUR - CLOCK_TOLERANCE, HOUR), 0],
    ["it was set by more", later(HOUR + CLOCK_TOLERANCE + 1, HOUR), CLOCK_TOLERANCE + 1],
    ["a day without a run counts", later(DAY, DAY), 0],
    ["only a day of a week without a run counts", later(7 * DAY, 7 * DAY), 6 * DAY],
    ["two runs at once, the later one first", later(0, -1), 0],
    ["hours off are believed", booted(5 * HOUR), 0],
    ["only a day of weeks off counts", booted(21 * DAY), 20 * DAY],
    [
      "a clock that lost its battery does not go back further than the machine runs",
      booted(-300 * DAY, HOUR),
      -300 * DAY - HOUR,
    ],
  ])("%s", (_, now, shift) => {
    expect(clockShift(before, now).shift).toBe(shift);
  });

  it("says nothing at the first one", () => {
    expect(clockShift(undefined, before).shift).toBe(0);
  });

  it("never counts less than nothing or more than a day, whatever the clocks say", () => {
    const tick = fc.record({
      wall: fc.integer({ min: 0, max: 2 * NOW }),
      uptime: fc.integer({ min: 0, max: NOW }),
      bootId: fc.constantFrom("one", "two"),
    });
    fc.assert(
      fc.property(tick, tick, (one, two) => {
        const { shift } = clockShift(one, two);
        const counted = two.wall - shift - one.wall;
        expect(counted).toBeGreaterThanOrEqual(-CLOCK_TOLERANCE);
        expect(counted).toBeLessThanOrEqual(DAY + CLOCK_TOLERANCE);
      }),
    );
  });

  it("moves what others wrote down before the clock was set, and nothing else", () => {
    const ahead = clockShift(before, later(DAY + HOUR, HOUR));
    const shifts = [ahead, clockShift(later(DAY + HOUR, HOUR), later(2 * HOUR, 2 * HOUR))];
    expect(shifts.map(({ shift }) => shift)).toEqual([DAY, -DAY]);
    // Ahead a day and back again: where it was.
    expect(moved(NOW - 9 * DAY, shifts)).toBe(NOW - 9 * DAY);
    expect(moved(NOW + 30 * MINUTE, [ahead])).toBe(NOW + DAY + 30 * MINUTE);
    expect(moved(NOW + DAY + 30 * MINUTE, [ahead])).toBe(NOW + DAY + 30 * MINUTE);
    // Of the last setting, although the first one also came by there.
    expect(moved(NOW + 90 * MINUTE, shifts)).toBe(NOW + 90 * MINUTE);
    expect(moved(NOW + 3 * HOUR, shifts)).toBe(NOW + 3 * HOUR);
  });

  it.each([
    undefined,
    "",
    "{",
    "null",
    "[]",
    '{"wall":1}',
    '{"wall":1.5,"uptime":1,"bootId":"x"}',
    '{"wall":"1","uptime":1,"bootId":"x"}',
  ])("takes %j for no look at all", (json) => {
    expect(parseTick(json)).toBeUndefined();
  });

  it("keeps a look as it was", () => {
    expect(parseTick(JSON.stringify(before))).toEqual(before);
  });
});
