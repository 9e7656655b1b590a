import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseYaml } from "../src/cli/yaml.ts";
import { readConfig } from "../src/core/config/read.ts";

describe("examples", () => {
  const files = globSync("examples/*.yaml");

  it("are there", () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)("%s is a configuration", (file) => {
    expect(readConfig(parseYaml(readFileSync(file, "utf8"), file), file)).toHaveProperty("limits.perUser");
  });
});
