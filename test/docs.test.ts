import path from "node:path";
import { describe, expect, it } from "vitest";
import { readCommands } from "../scripts/lib/docs/commands.ts";
import { generatedPages, stalePages } from "../scripts/lib/docs/pages.ts";

const root = path.resolve(import.meta.dirname, "..");
const commands = await readCommands(root);

it("has no stale generated page (npm run docs)", async () => {
  expect(stalePages(root, await generatedPages(root))).toEqual([]);
});

describe.each(commands)("the command $id", (command) => {
  it("says what it does, and shows how", () => {
    expect(command.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(command.examples).not.toEqual([]);
    for (const example of command.examples) expect(example).toContain(`devbox-ctl ${command.id}`);
  });

  it("describes its arguments and flags", () => {
    for (const { name, description } of command.args) expect(description, name).toMatch(/\w/);
    for (const { name, text } of command.flags) expect(text, name).toMatch(/\w/);
  });
});
