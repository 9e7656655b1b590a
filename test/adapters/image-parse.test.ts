import { describe, expect, it } from "vitest";
import { failedPart, parseEvent, parseParts } from "../../src/adapters/image/parse.ts";

describe("what the image's build script says", () => {
  it.each([
    ["code-server: being made", { kind: "part", part: "code-server", state: "begun" }],
    ["tailscale: kept from before", { kind: "part", part: "tailscale", state: "kept" }],
    ["debian: made in 203 s", { kind: "part", part: "debian", state: "made", seconds: 203 }],
    ["adding the overlay", { kind: "phase", line: "adding the overlay" }],
    ["zed: not in this image (…)", { kind: "phase", line: "zed: not in this image (…)" }],
    ["E: Package 'x' made in 3 s", { kind: "phase", line: "E: Package 'x' made in 3 s" }],
  ])("%s", (line, event) => {
    expect(parseEvent(line)).toEqual(event);
  });

  it("lists the parts with their versions", () => {
    expect(parseParts("base debian-12.4\ntailscale 1.100.0\n")).toEqual([
      { name: "base", version: "debian-12.4" },
      { name: "tailscale", version: "1.100.0" },
    ]);
    expect(parseParts("")).toEqual([]);
  });

  it("names the part that failed, and none when it was none", () => {
    expect(failedPart("go: not found\nbuild: the part tailscale failed\n")).toBe("tailscale");
    expect(failedPart("build: two parts have the same names:")).toBeUndefined();
  });
});
