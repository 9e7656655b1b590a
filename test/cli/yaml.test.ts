import { expect, it } from "vitest";
import { parseYaml } from "../../src/cli/yaml.ts";
import { DevboxError } from "../../src/core/errors.ts";

function why(text: string): string {
  try {
    parseYaml(text, "c.yaml");
  } catch (error) {
    if (error instanceof DevboxError) return error.why ?? "";
  }
  throw new Error("it was taken");
}

it("says where a text is no YAML, as a whole sentence", () => {
  expect(why("users: {alice: {}\nimage: a\n")).toMatch(/end with a } at line 2, column 1$/m);
  expect(why("a: b: c\n")).toMatch(/at line 1, column 4$/);
  expect(why("image: *gone\n")).not.toMatch(/:$/m);
});
