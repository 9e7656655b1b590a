import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { count, printable, printableLines, quote } from "../../src/core/text.ts";

/** Everything that moves a cursor, starts an escape sequence, breaks a line or changes the direction of text. */
// eslint-disable-next-line no-control-regex -- control characters are what must not come out
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom("\u001b[31mred", "a\nb", "a\r\nb", "\u009b31m", "\u202egnp.exe", "\ud800", "a\u0000b"),
);

describe("text that others wrote, on its way to a terminal", () => {
  it("never lets a control character out", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).not.toMatch(DANGEROUS);
        expect(quote(text)).not.toMatch(DANGEROUS);
        for (const line of printableLines(text).split("\n")) expect(line).not.toMatch(DANGEROUS);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["\u001b[31m", "\\u{1b}[31m"],
    ["a\nb", "a\\nb"],
    ["a\tb", "a\\tb"],
    ["a\u0007", "a\\u{7}"],
    ["\u202e", "\\u{202e}"],
    ["grüße 日本 🎉", "grüße 日本 🎉"],
  ])("shows %j as %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("keeps line breaks where lines are wanted, of either kind", () => {
    expect(printableLines("one\r\ntwo\nthr\u001bee")).toBe("one\ntwo\nthr\\u{1b}ee");
  });

  it("cuts what no line could hold and says how long it was", () => {
    expect(quote("x".repeat(80))).toBe(`"${"x".repeat(80)}"`);
    expect(quote("x".repeat(10_000))).toBe(`"${"x".repeat(80)}…" (10000 characters)`);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
        // Each of 80 characters can become an escape of at most eight.
        expect(quote(text).length).toBeLessThanOrEqual(80 * 8 + 30);
      }),
    );
  });

  it("counts", () => {
    expect([count(0, "box", "boxes"), count(1, "box", "boxes"), count(2, "day")]).toEqual([
      "0 boxes",
      "1 box",
      "2 days",
    ]);
  });
});
