import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSize, GIB, KIB, MIB, parseSize, sizeFlag } from "../../src/core/size.ts";

describe("sizes", () => {
  it.each([
    ["4GiB", 4 * GIB],
    ["4gib", 4 * GIB],
    ["4G", 4 * GIB],
    ["4 GiB", 4 * GIB],
    [" 4GiB ", 4 * GIB],
    ["4GB", 4_000_000_000],
    ["512MiB", 512 * MIB],
    ["512m", 512 * MIB],
    ["1.5G", 1.5 * GIB],
    ["1k", KIB],
    ["1kb", 1000],
    ["2TiB", 2 * 1024 * GIB],
    ["1TB", 1e12],
  ])("%s [FR-029]", (text, bytes) => {
    expect(parseSize(text)).toEqual({ bytes });
    expect(sizeFlag("--memory", text)).toBe(bytes);
  });

  it.each([
    ["0", "is zero"],
    ["0GiB", "is zero"],
    ["-1GiB", "is negative"],
    ["-1", "is negative"],
    ["4", "has no unit"],
    ["4096", "has no unit"],
    ["4XB", "has an unknown unit"],
    ["4bytes", "has an unknown unit"],
    ["4PiB", "has an unknown unit"],
    ["9999999999999TiB", "is absurdly large"],
    [`${"9".repeat(400)}G`, "is absurdly large"],
    ["0.0001k", "is zero"],
    ["", "is not a size"],
    ["GiB", "is not a size"],
    ["lots", "is not a size"],
    ["1e3G", "is not a size"],
    ["0x10G", "is not a size"],
    ["NaN", "is not a size"],
    ["1,5G", "is not a size"],
    ["4GiB; rm -rf /", "is not a size"],
    ["4GiB\u001b[31m", "is not a size"],
  ])("%j %s [FR-029] [X-08]", (text, problem) => {
    expect(parseSize(text)).toMatchObject({ problem: expect.stringContaining(problem) as unknown });
    expect(() => sizeFlag("--memory", text)).toThrow(
      expect.objectContaining({
        code: "INVALID_SPEC",
        exitCode: 2,
        message: expect.stringContaining(problem) as unknown,
      }),
    );
  });

  it("are positive whole bytes or a problem, for any text [FR-029]", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[+-]?[0-9]{1,20}(\.[0-9]{1,9})? ?[kmgtKMGT]?i?[bB]?$/),
    );
    fc.assert(
      fc.property(text, (size) => {
        const parsed = parseSize(size);
        if ("bytes" in parsed) expect(Number.isSafeInteger(parsed.bytes) && parsed.bytes > 0).toBe(true);
        else expect(parsed.problem).not.toBe("");
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [KIB, "1 KiB"],
    [4 * GIB, "4 GiB"],
    [1.5 * GIB, "1.5 GiB"],
    [GIB - 1, "1 GiB"],
    [1023 * MIB, "1023 MiB"],
    [4 * 1024 ** 5, "4 PiB"],
  ])("%d bytes are %s", (bytes, shown) => {
    expect(formatSize(bytes)).toBe(shown);
  });

  it("are shown near to what they are, up to tebibytes", () => {
    fc.assert(
      fc.property(fc.integer({ min: KIB, max: 1000 * 1024 ** 4 }), (bytes) => {
        const parsed = parseSize(formatSize(bytes));
        expect("bytes" in parsed && Math.abs(parsed.bytes - bytes) / bytes).toBeLessThanOrEqual(0.051);
      }),
    );
  });
});
