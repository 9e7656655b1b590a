import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { leavesTrace } from "../../src/adapters/podman/runtime-state.ts";

it.each(["crun", "runc"])("sees the containers that %s runs, and no others", (runtime) => {
  const folder = mkdtempSync(path.join(tmpdir(), "dbxtest-run-"));
  mkdirSync(path.join(folder, runtime, "abc"), { recursive: true });
  expect(leavesTrace("abc", ["/nowhere", folder])).toBe(true);
  expect(leavesTrace("abd", [folder])).toBe(false);
  expect(leavesTrace("abc", ["/nowhere"])).toBe(false);
  expect(leavesTrace("abc")).toBe(false);
  rmSync(folder, { recursive: true });
});
