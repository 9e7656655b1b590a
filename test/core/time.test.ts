import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ago, DAY, HOUR, iso, MINUTE, parseDuration, parseSince, roughly, SECOND, took } from "../../src/core/time.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

describe("durations", () => {
  it.each([
    ["90s", 90 * SECOND],
    ["10m", 10 * MINUTE],
    ["3h", 3 * HOUR],
    [" 7d ", 7 * DAY],
    ["0s", 0],
  ])("%s", (text, span) => {
    expect(parseDuration(text)).toBe(span);
  });

  it.each(["", "7", "d", "-1d", "1.5h", "1w", "7 d", "1d2h", "9999999999d", "\u001b[1m"])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("--since", () => {
  it("is a duration back from now or a time", () => {
    expect(parseSince("10m", NOW)).toBe(NOW - 10 * MINUTE);
    expect(parseSince("2026-01-31T09:00:00Z", NOW)).toBe(Date.parse("2026-01-31T09:00:00Z"));
    expect(parseSince("2026-01-31", NOW)).toBe(Date.parse("2026-01-31"));
  });

  it.each(["", "yesterday", "2026-99-99", "10", "-10m", "10m\n", "\u001b[31m", "x".repeat(10_000)])(
    "refuses %j, or takes it to the letter",
    (text) => {
      if (text.trim() === "10m") return;
      expect(() => parseSince(text, NOW)).toThrow(expect.objectContaining({ code: "USAGE", exitCode: 2 }));
    },
  );

  it("always gives a moment that can be written down", () => {
    const text = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom("s", "m", "h", "d")).map((p) => p.join("")),
      fc
        .date({ min: new Date("0000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
        .map((d) => d.toISOString()),
    );
    fc.assert(
      fc.property(text, (since) => {
        expect(iso(parseSince(since, NOW))).toMatch(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      }),
    );
    expect(iso(parseSince("999999999d", NOW))).toBe("1970-01-01T00:00:00Z");
  });
});

describe("times for a person", () => {
  it.each([
    [0, "just now"],
    [59 * SECOND, "just now"],
    [-5 * DAY, "just now"],
    [MINUTE, "1 min ago"],
    [59 * MINUTE, "59 min ago"],
    [HOUR, "1 h ago"],
    [47 * HOUR, "47 h ago"],
    [2 * DAY, "2 days ago"],
    [400 * DAY, "400 days ago"],
  ])("%d ms back: %s", (span, text) => {
    expect(ago(NOW - span, NOW)).toBe(text);
  });

  it.each([
    [0, "0.0 s"],
    [340, "0.3 s"],
    [12_400, "12.4 s"],
    [59_999, "1 min 0 s"],
    [MINUTE, "1 min 0 s"],
    [185 * SECOND, "3 min 5 s"],
    [119_900, "2 min 0 s"],
    [HOUR - 1, "60 min 0 s"],
  ])("%d ms took %s", (span, text) => {
    expect(took(span)).toBe(text);
  });

  it("never read as sixty seconds, and never go backwards", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * HOUR }), (span) => {
        expect(took(span)).not.toMatch(/\b60(\.0)? s/);
        expect(roughly(span)).toMatch(/^\d+ (s|min|h|days?)$/);
      }),
      { numRuns: 2000 },
    );
  });
});
