import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keepConfig, keptConfig } from "../../src/cli/config-cache.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";

let dir: string;
const before = process.env.XDG_CACHE_HOME;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-cache-"));
  process.env.XDG_CACHE_HOME = dir;
});
afterEach(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(dir, { recursive: true, force: true });
});

it("gives back what was made of the very same text, and of no other", () => {
  keepConfig("image: a", { ...DEFAULTS, image: "a" });
  expect(keptConfig("image: a")).toEqual({ ...DEFAULTS, image: "a" });
  expect(keptConfig("image: b")).toBeUndefined();
});

it("knows nothing that another build checked, and survives a damaged file", () => {
  keepConfig("image: a", DEFAULTS);
  const file = path.join(dir, "devbox-ctl/config.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"program":"', '"program":"other'));
  expect(keptConfig("image: a")).toBeUndefined();
  writeFileSync(file, "{");
  expect(keptConfig("image: a")).toBeUndefined();
});

it("does not mind a cache that cannot be written", () => {
  process.env.XDG_CACHE_HOME = "/dev/null";
  keepConfig("image: a", DEFAULTS);
  expect(keptConfig("image: a")).toBeUndefined();
});
