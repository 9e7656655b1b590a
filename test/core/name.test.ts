import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { brokenNameRule, checkName, NAME_MAX, NAME_MIN, suggestName } from "../../src/core/name.ts";

/** An RFC 1123 label in lower case, 3 to 63 characters, that starts with a letter and has no double hyphen. */
const GOOD = /^(?=.{3,63}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.string({
    unit: fc.constantFrom("a", "b", "z", "A", "Z", "0", "9", "-", "_", ".", " ", "/", "\n", "\u001b"),
    maxLength: 80,
  }),
  fc.string({ unit: fc.integer({ min: 0xd7f0, max: 0xe010 }).map((code) => String.fromCharCode(code)), maxLength: 20 }),
);

function refusal(name: string): DevboxError {
  try {
    checkName(name);
  } catch (error) {
    if (error instanceof DevboxError) return error;
    throw error;
  }
  throw new Error(`${name} was taken`);
}

describe("good names", () => {
  it.each(["api", "my-project", "a1b", "box-2", "a-1-b-2", "a".repeat(63)])("%s [FR-030] [FR-031]", (name) => {
    expect(checkName(name)).toBe(name);
  });

  it("are exactly the labels of RFC 1123 that our own rules leave [FR-031]", () => {
    fc.assert(
      fc.property(anyText, (name) => {
        expect(brokenNameRule(name) === undefined).toBe(GOOD.test(name));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9]{2,20}(-[a-z0-9]{1,9}){0,4}$/), (name) => {
        expect(checkName(name)).toBe(name);
      }),
    );
  });
});

describe("each rule is named when it is broken", () => {
  it.each([
    ["", "must not be empty"],
    ["ab", "at least 3 characters"],
    ["a".repeat(64), "at most 63 characters"],
    ["x".repeat(10_000), "at most 63 characters"],
    ["Api", "in lower case"],
    ["my_box", "only letters a to z, digits and hyphens"],
    ["my box", "only letters a to z, digits and hyphens"],
    ["../etc", "only letters a to z, digits and hyphens"],
    ["/etc/passwd", "only letters a to z, digits and hyphens"],
    ["a.b.c", "only letters a to z, digits and hyphens"],
    ["bücher", "only letters a to z, digits and hyphens"],
    ["api\n", "only letters a to z, digits and hyphens"],
    ["api\u001b[31m", "only letters a to z, digits and hyphens"],
    ["1api", "starts with a letter"],
    ["-api", "starts with a letter"],
    ["123", "starts with a letter"],
    ["a--b", "no double hyphen"],
    ["api-", "does not end with a hyphen"],
  ])("%j: %s [FR-030] [FR-031]", (name, rule) => {
    const error = refusal(name);
    expect(error.code).toBe("INVALID_NAME");
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(rule);
    expect(error.why).toBeTruthy();
    expect(error.next).not.toHaveLength(0);
  });
});

describe("suggestions", () => {
  it.each([
    ["Api", "api"],
    ["my_box", "my-box"],
    ["My Project!", "my-project"],
    ["a--b", "a-b"],
    ["api-", "api"],
    ["42nd-street", "nd-street"],
    ["x".repeat(10_000), "x".repeat(63)],
    ["123", undefined],
    ["", undefined],
    ["日本", undefined],
  ])("for %j: %j [FR-030]", (name, suggestion) => {
    expect(suggestName(name)).toBe(suggestion);
  });

  it("are always good names themselves, whatever they are made from [FR-030]", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: "binary", minLength: 9000, maxLength: 10_000 })), (name) => {
        const suggestion = suggestName(name);
        if (suggestion !== undefined) expect(suggestion).toMatch(GOOD);
      }),
      { numRuns: 500 },
    );
  });

  it("leave a good name as it is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9]{2,9}(-[a-z0-9]{1,9}){0,4}$/), (name) => {
        expect(suggestName(name)).toBe(name);
      }),
    );
  });
});

it("says what is wrong in bounded, harmless text for any input at all [FR-030]", () => {
  fc.assert(
    fc.property(anyText, (name) => {
      if (brokenNameRule(name) === undefined) return;
      const { message, next } = refusal(name);
      for (const text of [message, ...next]) {
        // eslint-disable-next-line no-control-regex -- control characters are what must not come out
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(text.length).toBeLessThan(900);
      }
    }),
    { numRuns: 1000 },
  );
  expect([NAME_MIN, NAME_MAX]).toEqual([3, 63]);
});
