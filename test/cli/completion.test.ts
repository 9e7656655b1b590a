import { describe, expect, it } from "vitest";
import { below, type CommandFacts, completionModel, valuedFlags } from "../../src/cli/completion/model.ts";
import { completionScript, SHELLS } from "../../src/cli/completion/script.ts";

const commands: CommandFacts[] = [
  { id: "create", summary: "Make one", args: { name: { name: "name" } }, flags: {} },
  {
    id: "start",
    summary: "Don't wait; start (it)",
    args: { name: { name: "name" } },
    flags: {
      yes: { name: "yes", type: "boolean", char: "y", summary: "Yes" },
      start: { name: "start", type: "boolean", allowNo: true },
      image: { name: "image", type: "option", helpValue: "IMAGE" },
      secret: { name: "secret", type: "boolean", hidden: true },
    },
  },
  { id: "image:load", summary: "Load", args: { file: { name: "file" } }, flags: {} },
  { id: "complete", hidden: true, args: {}, flags: {} },
];
const topics = [
  { name: "image", description: "Images" },
  { name: "start", description: "no topic" },
];
const model = completionModel(commands, topics);

describe("what can be completed [X-11]", () => {
  it("is every command and topic that is shown", () => {
    expect(below(model, "").map(({ word }) => word)).toEqual(["create", "image", "start"]);
    expect(below(model, "image")).toEqual([{ word: "load", summary: "Load" }]);
  });

  it("is every flag that is shown, negated ones too", () => {
    const start = model.entries.find(({ path }) => path === "start")!;
    expect(start.flags.map(({ name }) => name)).toEqual(["--yes", "--start", "--no-start", "--image"]);
    expect(valuedFlags(model)).toEqual([{ name: "--image", value: { kind: "image" } }]);
  });

  it("is a box's name where a box is meant, not where one is to be made", () => {
    const args = (path: string) => model.entries.find((entry) => entry.path === path)?.args;
    expect(args("start")).toEqual([{ kind: "box" }]);
    expect(args("create")).toEqual([{ kind: "none" }]);
    expect(args("image load")).toEqual([{ kind: "file" }]);
  });
});

describe.each(SHELLS)("the script for %s", (shell) => {
  it("quotes what a summary may hold", () => {
    const script = completionScript(shell, { commands, topics });
    expect(script).toContain("start");
    expect(script).not.toContain("-d 'Don't wait");
    expect(script).not.toContain(":Don't wait");
    expect(script).not.toContain("secret");
  });
});
