import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseYaml } from "../src/cli/yaml.ts";
import { readConfig } from "../src/core/config/read.ts";
import { policyFor } from "../src/core/dev-tailnet/policy.ts";

describe("examples", () => {
  const files = globSync("examples/*.yaml");

  it("are there", () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.each(files)("%s is a configuration", (file) => {
    expect(readConfig(parseYaml(readFileSync(file, "utf8"), file), file)).toHaveProperty("limits.perUser");
  });

  it("the tailnet's policy has the rules that a tailnet of one's own is given [FR-050] [FR-052]", () => {
    const text = readFileSync("examples/tailnet-policy.hujson", "utf8").replaceAll("@example.com", "@");
    const json = text.replaceAll(/^ *\/\/.*$/gm, "").replaceAll(/,(?=\s*[\]}])/g, "");
    expect(JSON.parse(json)).toEqual(JSON.parse(policyFor(["alice", "bob"])));
  });
});
