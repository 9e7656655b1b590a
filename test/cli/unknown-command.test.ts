import { describe, expect, it } from "vitest";
import { unknownCommand } from "../../src/cli/unknown-command.ts";

const known = {
  commandIDs: ["create", "destroy", "exec", "list", "ls", "ssh", "image:build", "image:list", "image:load"],
  topics: [{ name: "image" }],
};

const judge = (...argv: string[]) => {
  const error = unknownCommand(argv, known);
  return error && [error.code, error.message, ...error.next];
};

describe("words that name no command", () => {
  it("get the nearest command", () => {
    expect(judge("crate", "api")).toEqual([
      "USAGE",
      'there is no command "crate".',
      "Did you mean: devbox-ctl create",
      "See what there is: devbox-ctl help",
    ]);
  });

  it("get the nearest command of their topic", () => {
    expect(judge("image", "biuld", "--json")).toEqual([
      "USAGE",
      'there is no command "image biuld".',
      "Did you mean: devbox-ctl image build",
      "See what there is: devbox-ctl help image",
    ]);
  });

  it("get the nearest topic", () => {
    expect(judge("imag", "list")).toContain("Did you mean: devbox-ctl image");
  });

  it("get the word of this house when they are another's", () => {
    expect(judge("rm", "api")).toContain("Did you mean: devbox-ctl destroy");
    expect(judge("shell", "api")).toContain("Did you mean: devbox-ctl ssh");
  });

  it("get no suggestion when nothing is near, and no terminal escapes", () => {
    expect(judge("\u001b[2Jxyzzy")).toEqual([
      "USAGE",
      'there is no command "\\u{1b}[2Jxyzzy".',
      "See what there is: devbox-ctl help",
    ]);
  });

  it("are told apart from words too many", () => {
    expect(judge("list", "api", "web")).toEqual([
      "USAGE",
      'list takes no arguments, but was given "api", "web".',
      "See how it is used: devbox-ctl help list",
    ]);
  });

  it("are told apart from a flag before the command", () => {
    expect(judge("--quiet", "list")?.[1]).toBe('there is no flag "--quiet" before the command.');
  });
});

it("finds nothing wrong with commands and topics", () => {
  expect(judge("list", "--json")).toBeUndefined();
  expect(judge("image", "build")).toBeUndefined();
  expect(judge("image")).toBeUndefined();
});
