import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unpushedLines } from "../../../src/core/lifecycle/unpushed.ts";

const clean = { remote: true, stashes: 0, changed: 0, untracked: 0, read: true, branches: [] };
const lines = (repositories: readonly object[], complete = true) =>
  unpushedLines(JSON.stringify({ version: 1, complete, repositories, tookMs: 3 }));

describe("unpushed work", () => {
  it("is told in lines, one for each thing [X-04]", () => {
    const branches = [
      { name: "redesign", commits: 3 },
      { name: "HEAD", commits: 1 },
    ];
    expect(lines([{ ...clean, path: "site", branches, stashes: 2, changed: 1, untracked: 4 }])).toEqual([
      "site/: 3 commits never pushed (branch redesign)",
      "site/: 1 commit never pushed (no branch)",
      "site/: 2 stashes",
      "site/: 1 changed file not committed",
      "site/: 4 new files or folders not committed",
    ]);
    const local = { ...clean, path: ".", remote: false, branches: [{ name: "main", commits: 12 }] };
    expect(lines([local])).toEqual(["workspace/: 12 commits in no remote, as it has none (branch main)"]);
    expect(lines([{ ...clean, path: "old", read: false }])).toEqual(["old/: git does not say all of what is in it"]);
    expect(lines([])).toEqual([]);
    expect(lines([], false)).toEqual(["… and what there was no time to look at"]);
  });

  it("is bounded and printable whatever a box answers, and nothing when it is no answer [X-04]", () => {
    const many = Array.from({ length: 60 }, (_, at) => ({ ...clean, path: `\u001b[2J${String(at)}`, changed: 1 }));
    const told = lines(many, false) ?? [];
    expect(told).toHaveLength(40);
    expect(told[0]).toBe("\\u{1b}[2J0/: 1 changed file not committed");
    expect(told.slice(-2)).toEqual(["… and 22 more lines", "… and what there was no time to look at"]);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (raw) => {
        for (const line of unpushedLines(raw) ?? []) expect(line.length).toBeLessThanOrEqual(200);
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ path: fc.string(), changed: fc.anything(), branches: fc.anything() })),
        (found) => {
          for (const line of lines(found) ?? []) expect(line).not.toContain("\n");
        },
      ),
    );
    for (const raw of ["", "[]", "{}", "x".repeat(2_000_000)]) expect(unpushedLines(raw)).toBeUndefined();
  });
});
