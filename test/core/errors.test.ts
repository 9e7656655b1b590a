import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { DevboxError, ERROR_EXIT, type ErrorCode, hasCode, messageOf } from "../../src/core/errors.ts";
import { EXIT, EXIT_MEANING } from "../../src/core/exit-codes.ts";

const codes = Object.keys(ERROR_EXIT) as ErrorCode[];
const bin = path.resolve(import.meta.dirname, "../../bin");
const src = path.resolve(import.meta.dirname, "../../src");

describe("the table of exit codes", () => {
  it("is the contract's", () => {
    expect(EXIT).toEqual({
      ok: 0,
      bug: 1,
      usage: 2,
      notFound: 3,
      notPermitted: 4,
      conflict: 5,
      limit: 6,
      engine: 7,
      secrets: 8,
      tailnet: 9,
      host: 10,
      partial: 11,
      busy: 75,
      interrupted: 130,
    });
  });

  it("says what each code means, once and in order", () => {
    expect(EXIT_MEANING.map(([code]) => code)).toEqual(Object.values(EXIT));
    for (const [, meaning] of EXIT_MEANING) expect(meaning).not.toBe("");
  });

  it.each(codes)("%s leads to a code of the table that means neither success nor a bug", (code) => {
    const { exitCode } = new DevboxError(code, "x");
    expect(Object.values(EXIT)).toContain(exitCode);
    expect([EXIT.ok, EXIT.bug]).not.toContain(exitCode);
  });

  it.each([
    ["INVALID_NAME", 2],
    ["BOX_NOT_FOUND", 3],
    ["STATE_UNWRITABLE", 4],
    ["NAME_TAKEN", 5],
    ["NEEDS_CONFIRMATION", 5],
    ["LIMIT_PER_USER", 6],
    ["LIMIT_GLOBAL", 6],
    ["ENGINE_TIMEOUT", 7],
    ["HOST_DISK", 10],
    ["PARTIAL", 11],
    ["BUSY", 75],
    ["INTERRUPTED", 130],
  ] as const)("%s exits %d", (code, exitCode) => {
    expect(ERROR_EXIT[code]).toBe(exitCode);
  });

  it("has no error that nothing throws", () => {
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && file !== "core/errors.ts",
    );
    // Some are said before Node is started.
    const scripts = readdirSync(bin).map((file) => path.join(bin, file));
    const text = [...files.map((file) => path.join(src, file)), ...scripts].map((file) => readFileSync(file, "utf8"));
    expect(codes.filter((code) => !new RegExp(`\\b${code}\\b`).test(text.join("\n")))).toEqual([]);
  });
});

describe("an error", () => {
  it("carries its three parts and its cause", () => {
    const cause = new Error("inner");
    const error = new DevboxError("BUSY", "what", { why: "why", next: ["next"], cause });
    expect(error).toMatchObject({ code: "BUSY", exitCode: 75, message: "what", why: "why", next: ["next"], cause });
    expect(hasCode(error, "PARTIAL", "BUSY")).toBe(true);
    expect(hasCode(error, "PARTIAL")).toBe(false);
    expect(hasCode(cause, "BUSY")).toBe(false);
  });

  it("is quoted without what could trouble a terminal", () => {
    expect(messageOf(new Error("open '/x\u001b[31m'"))).toBe("open '/x\\u{1b}[31m'");
    expect(messageOf("a\nb\u0007")).toBe("a\nb\\u{7}");
    expect(messageOf(undefined)).toBe("undefined");
  });
});
