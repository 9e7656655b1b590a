import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { momentAfter, momentUpTo, scheduleFacts } from "../../../src/core/lifecycle/schedule.ts";
import { momentAt, offsetAt, zoneName } from "../../../src/core/lifecycle/zone.ts";
import { DAY, iso, MINUTE } from "../../../src/core/time.ts";

const BERLIN = "Europe/Berlin";
const NEW_YORK = "America/New_York";

/** All moments after one and up to another, found by going forward. */
function forward(cron: string, zone: string, [from, to]: readonly [string, string]): string[] {
  const found: string[] = [];
  for (let at: number | undefined = Date.parse(from); ;) {
    at = momentAfter(cron, zone, at);
    if (at === undefined || at > Date.parse(to)) return found;
    found.push(iso(at));
  }
}

/** The same, found by going back. */
function backward(cron: string, zone: string, [from, to]: readonly [string, string]): string[] {
  const found: string[] = [];
  for (let at: number | undefined = Date.parse(to); ; at -= 1) {
    at = momentUpTo(cron, zone, at);
    if (at === undefined || at <= Date.parse(from)) return found;
    found.unshift(iso(at));
  }
}

const DAYS: readonly (readonly [
  what: string,
  cron: string,
  zone: string,
  days: readonly [string, string],
  moments: string[],
])[] = [
  [
    "a time that clocks jump over is the moment of the jump (Berlin, spring)",
    ...(["30 2 * * *", BERLIN, ["2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z"]] as const),
    ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
  ],
  [
    "a time that clocks show twice is the first of both (Berlin, autumn)",
    ...(["30 2 * * *", BERLIN, ["2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z"]] as const),
    ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
  ],
  [
    "what is after the jump stays where it is (Berlin, spring)",
    ...(["0 3 * * *", BERLIN, ["2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"]] as const),
    ["2026-03-29T01:00:00Z", "2026-03-30T01:00:00Z"],
  ],
  [
    "a time that clocks jump over is the moment of the jump (New York, spring)",
    ...(["30 2 * * *", NEW_YORK, ["2026-03-07T00:00:00Z", "2026-03-09T12:00:00Z"]] as const),
    ["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
  ],
  [
    "a time that clocks show twice is the first of both (New York, autumn)",
    ...(["30 1 * * *", NEW_YORK, ["2026-10-31T00:00:00Z", "2026-11-02T12:00:00Z"]] as const),
    ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
  ],
  [
    "every hour that clocks show is one moment (Berlin, autumn)",
    ...(["0 * * * *", BERLIN, ["2026-10-24T23:30:00Z", "2026-10-25T03:30:00Z"]] as const),
    ["2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"],
  ],
  [
    "clocks that are set by half an hour",
    ...(["15 2 * * *", "Australia/Lord_Howe", ["2026-10-03T00:00:00Z", "2026-10-04T23:00:00Z"]] as const),
    ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
  ],
  [
    "29 February is there every four years",
    ...(["0 8 29 2 *", "UTC", ["2026-01-01T00:00:00Z", "2033-01-01T00:00:00Z"]] as const),
    ["2028-02-29T08:00:00Z", "2032-02-29T08:00:00Z"],
  ],
  [
    "31 is only in months that have one",
    ...(["0 8 31 * *", "UTC", ["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"]] as const),
    ["2026-01-31T08:00:00Z", "2026-03-31T08:00:00Z", "2026-05-31T08:00:00Z"],
  ],
  [
    "a day of the month and one of the week are either, as in cron",
    ...(["0 8 1 * 1", "UTC", ["2026-01-01T00:00:00Z", "2026-01-13T00:00:00Z"]] as const),
    ["2026-01-01T08:00:00Z", "2026-01-05T08:00:00Z", "2026-01-12T08:00:00Z"],
  ],
  [
    "working days by name",
    ...(["0 8 * * mon-fri", BERLIN, ["2026-03-27T00:00:00Z", "2026-03-31T00:00:00Z"]] as const),
    ["2026-03-27T07:00:00Z", "2026-03-30T06:00:00Z"],
  ],
];

describe("moments of a schedule", () => {
  it.each(DAYS)("%s [X-16]", (...row) => {
    const [, cron, zone, days, moments] = row;
    expect(forward(cron, zone, days)).toEqual(moments);
    expect(backward(cron, zone, days)).toEqual(moments);
  });

  it("are the same forward and back through a year [X-16]", () => {
    const year = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"] as const;
    for (const zone of [BERLIN, NEW_YORK, "UTC", "Asia/Kolkata"]) {
      const found = forward("30 1,2 * * 0", zone, year);
      expect(found).toHaveLength(104);
      expect(backward("30 1,2 * * 0", zone, year)).toEqual(found);
    }
  });
});

describe("what a schedule has to say", () => {
  const now = Date.parse("2026-11-20T12:00:00Z");
  const record = { boxId: "b", start: "0 8 * * *", stop: "0 18 * * *", zone: "UTC", handledAt: now - 10 * DAY };

  it("is the newest moment that nothing was done about, and only it [X-16]", () => {
    const at = Date.parse("2026-11-20T08:00:00Z");
    expect(scheduleFacts(record, now)).toEqual({
      due: { action: "start", at },
      nextStart: at + DAY,
      nextStop: Date.parse("2026-11-20T18:00:00Z"),
    });
    expect(scheduleFacts(record, at - 1).due).toEqual({ action: "stop", at: Date.parse("2026-11-19T18:00:00Z") });
    expect(scheduleFacts(record, at).due).toEqual({ action: "start", at });
    expect(scheduleFacts({ ...record, handledAt: at }, now).due).toBeUndefined();
    expect(scheduleFacts({ ...record, handledAt: at - 1 }, now).due).toEqual({ action: "start", at });
  });

  it("takes no longer when nobody looked for years, whatever the expression [X-16]", () => {
    const began = performance.now();
    for (const start of ["* * * * *", "0 8 29 2 *", "*/30 * * * *"]) {
      expect(scheduleFacts({ ...record, start, zone: BERLIN, handledAt: 0 }, now).due).toBeDefined();
    }
    expect(performance.now() - began).toBeLessThan(500);
    expect(scheduleFacts({ ...record, start: "* * * * *", stop: undefined }, now).nextStart).toBe(now + MINUTE);
  });

  it("is nothing when it is not understood here [X-16]", () => {
    const nothing = { due: undefined, nextStart: undefined, nextStop: undefined };
    expect(scheduleFacts({ ...record, zone: "Mars/Olympus" }, now)).toEqual(nothing);
    expect(scheduleFacts({ ...record, start: "rubbish" }, now)).toEqual(nothing);
  });
});

describe("time zones", () => {
  it("are known by their names, as the database writes them [X-16]", () => {
    expect(zoneName("europe/berlin")).toBe(BERLIN);
    for (const text of ["", "Mars/Olympus", "+01:00", "x".repeat(100), "Europe/Berlin\u0000"]) {
      expect(zoneName(text)).toBeUndefined();
    }
  });

  it("never make a later time an earlier moment [X-16]", () => {
    for (const zone of [BERLIN, NEW_YORK, "Australia/Lord_Howe"]) {
      for (const month of [2, 3, 9, 10]) {
        let last = 0;
        for (let local = Date.UTC(2026, month, 1); local < Date.UTC(2026, month + 1, 1); local += 10 * MINUTE) {
          const at = momentAt(local, zone);
          expect(at).toBeGreaterThanOrEqual(last);
          expect(at + offsetAt(at, zone)).toBeGreaterThanOrEqual(local);
          last = at;
        }
      }
    }
  });
});
