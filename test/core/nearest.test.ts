import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearest } from "../../src/core/nearest.ts";

describe("the nearest known word", () => {
  it.each([
    ["limit", ["limits", "engine"], "limits"],
    ["perUsr", ["perUser", "global"], "perUser"],
    ["PERUSER", ["perUser", "global"], "perUser"],
    ["stats", ["status", "start"], "status"],
    ["aip", ["api", "web"], "api"],
    ["apo", ["api", "web"], "api"],
    ["completely-different", ["api", "web"], undefined],
    ["api", [], undefined],
    ["", ["api"], undefined],
    ["x".repeat(10_000), ["api"], undefined],
  ])("to %j among %j: %j", (word, known, near) => {
    expect(nearest(word, known)).toBe(near);
  });

  it("is a known one or none, and itself when it is known", () => {
    const words = fc.array(fc.string({ unit: "binary", maxLength: 20 }), { maxLength: 8 });
    fc.assert(
      fc.property(words, fc.string({ unit: "binary", maxLength: 200 }), (known, word) => {
        const near = nearest(word, known);
        if (near !== undefined) expect(known).toContain(near);
        if (known.includes(word)) expect(near?.toLowerCase()).toBe(word.toLowerCase());
      }),
    );
  });
});
