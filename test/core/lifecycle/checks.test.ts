import { describe, expect, it } from "vitest";
import { DevboxError } from "../../../src/core/errors.ts";
import { chosenSpan } from "../../../src/core/lifecycle/policy-check.ts";
import { checkSchedule, checkZone } from "../../../src/core/lifecycle/schedule-check.ts";
import { DAY } from "../../../src/core/time.ts";

const NOW = Date.UTC(2026, 10, 20, 12);

function errorOf(act: () => unknown): DevboxError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof DevboxError) return error;
    throw error;
  }
}

const check = (start: string | undefined, stop?: string, zone = "Europe/Berlin") =>
  errorOf(() => {
    checkSchedule({ start, stop, zone }, NOW);
  });

describe("a schedule that is asked for", () => {
  it.each([
    ["0 8 * * mon-fri", "0 19 * * *"],
    ["*/30 * * * *", undefined],
    ["0,30 8-18 * * 1-5", "45 19 * * *"],
    ["0 8 29 2 *", "0 8 28 2 *"],
    ["0 8 L * *", "0 9 L * *"],
    ["0 8 * * THU", "0 8 * * FRI"],
    [undefined, "0 19 * * 7"],
  ])("may be %s and %s [X-16]", (start, stop) => {
    expect(check(start, stop)).toBeUndefined();
  });

  it.each([
    ["", /no schedule/, /0 fields were given/],
    ["8", /no schedule/, /1 field was given/],
    ["0 8 * *", /no schedule/, /4 fields were given/],
    ["0 0 8 * * *", /no schedule/, /6 fields were given/],
    ["@daily", /no schedule/, /1 field was given/],
    ["H 8 * * *", /no schedule/, /"H" is nothing that a field can say/],
    ["0 h(0-5) * * *", /no schedule/, /nothing that a field can say/],
    ["0 8 * * $(id)", /no schedule/, /nothing that a field can say/],
    ["0 25 * * *", /no schedule/, /25 is out of its field's range, 0-23/],
    ["0 8 30 2 *", /no schedule/, /No such day comes/],
    ["0 8 * * caturday", /no schedule/, /./],
    [`0 8 * * ${"1,".repeat(100)}1`, /no schedule/, /./],
    ["\u001b[2J 8 * * *", /no schedule/, /./],
    ["*/5 * * * *", /too often: every 5 min/, /Understood as Fri 20 Nov 13:05, Fri 20 Nov 13:10, Fri 20 Nov 13:15/],
    ["* * * * *", /too often/, /Moments have to be 30 min apart/],
    ["45 23,0 * * *", undefined, /./],
    ["50,10 * * * *", /too often: every 20 min/, /./],
  ])("must not be %j, and it is said why [X-16]", (start, what, why) => {
    const error = check(start);
    if (what === undefined) {
      expect(error).toBeUndefined();
      return;
    }
    expect(error).toMatchObject({ code: "INVALID_SCHEDULE" });
    expect(error?.message).toMatch(what);
    expect(error?.why).toMatch(why);
    expect(error?.next.join()).toContain('"0 8 * * mon-fri"');
    // eslint-disable-next-line no-control-regex -- what must not be there
    expect(`${error?.message ?? ""}${error?.why ?? ""}`).not.toMatch(/[\u0000-\u001f]/);
  });

  it.each([
    ["0 8 * * mon-fri", "0 8 * * 1"],
    ["0 8 * * *", "0 8 29 2 *"],
    ["*/30 * * * *", "30 19 * * *"],
  ])("must not start and stop at once, as %s and %s [X-16]", (start, stop) => {
    expect(check(start, stop)?.message).toBe("it would be started and stopped at the same moment.");
  });

  it("must not start and stop at once, which is shown with a moment to come [X-16]", () => {
    // It is 13:00 in Berlin, and 21:00 in Tokyo.
    expect(check("0 13 * * *", "0 13 * * 5")?.why).toContain("mean Fri 27 Nov 13:00.");
    expect(check("0 14 * * *", "0 14 * * *")?.why).toContain("mean Fri 20 Nov 14:00.");
    expect(check("0 14 * * *", "0 14 * * *", "Asia/Tokyo")?.why).toContain("mean Sat 21 Nov 14:00.");
  });

  it("has a zone of the zone database [X-16]", () => {
    expect(checkZone("america/new_york")).toBe("America/New_York");
    const error = errorOf(() => checkZone("Europe/Berln"));
    expect(error).toMatchObject({ code: "INVALID_SCHEDULE", next: ["Did you mean Europe/Berlin?", expect.anything()] });
  });
});

describe("a policy that is asked for", () => {
  const bounds = { min: 3 * DAY, max: 30 * DAY };
  const chosen = (text: string, max: number | null = bounds.max) =>
    chosenSpan("stopAfterIdle", text, { ...bounds, max });

  it("is within the bounds, never only where there is no end, or what the host has [FR-034] [FR-035]", () => {
    expect([chosen("3d"), chosen("30d"), chosen("96h"), chosen("default")]).toEqual([
      ...[3 * DAY, 30 * DAY, 4 * DAY],
      undefined,
    ]);
    expect([chosen("never", null), chosen("4000d", null)]).toEqual([null, 4000 * DAY]);
  });

  it.each([
    ["2d", "LIMIT_LIFECYCLE", "--stop-after 3d"],
    ["31d", "LIMIT_LIFECYCLE", "--stop-after 30d"],
    ["never", "LIMIT_LIFECYCLE", "--stop-after 30d"],
    ["soon", "USAGE", "--stop-after 3d"],
    ["0d", "USAGE", "--stop-after 3d"],
    ["", "USAGE", "--stop-after 3d"],
  ])("is refused as %j, with the nearest that is allowed [FR-034]", (text, code, nearest) => {
    const error = errorOf(() => chosen(text));
    expect(error).toMatchObject({ code });
    expect(error?.next[0]).toContain(nearest);
    expect(error?.next.join().includes("hold")).toBe(["31d", "never"].includes(text));
  });
});
