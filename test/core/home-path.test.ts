import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DevboxError } from "../../src/core/errors.ts";
import { copySide, HOME, homePath } from "../../src/core/home-path.ts";

const part = fc.oneof(
  fc.constantFrom("..", ".", "", "~", "home", "dev", "workspace", "a b", "\u001b[31m", "...", "..a"),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const anyPath = fc
  .tuple(fc.constantFrom("", "/", "~/", "//", "/home/dev/", "./", "../"), fc.array(part, { maxLength: 8 }))
  .map(([start, parts]) => start + parts.join("/"));

describe("paths in a box", () => {
  it.each([
    ["", HOME],
    ["~", HOME],
    [".", HOME],
    ["~/x", `${HOME}/x`],
    ["workspace/a", `${HOME}/workspace/a`],
    ["/home/dev", HOME],
    ["/home/dev/", HOME],
    ["/home/dev/x/../y", `${HOME}/y`],
    ["/tmp/../home/dev/x", `${HOME}/x`],
    ["a//b/./c", `${HOME}/a/b/c`],
    ["..a", `${HOME}/..a`],
    ["../dev/x", `${HOME}/x`],
    ["~other", `${HOME}/~other`],
  ])("%j is %s", (path, normal) => {
    expect(homePath(path)).toBe(normal);
  });

  it.each([
    "/",
    "/etc/passwd",
    "..",
    "../other",
    "/home/dev/..",
    "/home/dev/../dev2",
    "/home/device",
    "~/..",
    "~/../../etc",
    "a/../../..",
    "/root",
    "//etc",
  ])("%s is outside", (path) => {
    expect(() => homePath(path)).toThrow(expect.objectContaining({ code: "INVALID_PATH", exitCode: 2 }));
  });

  it("end up in the home or are refused, whatever they are", () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        try {
          const normal = homePath(path);
          expect(normal === HOME || normal.startsWith(`${HOME}/`)).toBe(true);
          expect(normal.split("/")).not.toContain("..");
          expect(normal).not.toContain("\0");
          expect(homePath(normal)).toBe(normal);
        } catch (error) {
          if (!(error instanceof DevboxError)) throw error;
          expect(error.code).toBe("INVALID_PATH");
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("one side of a copy", () => {
  it.each([
    ["-", { kind: "stream" }],
    ["file", { kind: "local", path: "file" }],
    ["./a:b", { kind: "local", path: "./a:b" }],
    ["/x/a:b", { kind: "local", path: "/x/a:b" }],
    [":x", { kind: "local", path: ":x" }],
    ["", { kind: "local", path: "" }],
    ["api:", { kind: "box", box: "api", path: "" }],
    ["api:a:b", { kind: "box", box: "api", path: "a:b" }],
    ["api:/etc/passwd", { kind: "box", box: "api", path: "/etc/passwd" }],
  ])("%j", (argument, side) => {
    expect(copySide(argument)).toEqual(side);
  });

  it("loses nothing of what was said", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (argument) => {
        const side = copySide(argument);
        if (side.kind === "box") expect(`${side.box}:${side.path}`).toBe(argument);
        else expect(side.kind === "stream" ? "-" : side.path).toBe(argument);
      }),
    );
  });
});
