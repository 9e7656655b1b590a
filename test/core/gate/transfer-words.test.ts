import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DevboxError } from "../../../src/core/errors.ts";
import { errorInJson, passedError } from "../../../src/core/gate/passed-error.ts";
import { parseTransferWords, transferWords } from "../../../src/core/gate/transfer-words.ts";

describe("half a copy in words", () => {
  const name = fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/^\.{1,2}$|[/\0]/.test(text));
  const receive = fc.record({
    kind: fc.constantFrom("file" as const, "directory" as const),
    mode: fc.option(fc.integer({ min: 0, max: 0o777 }), { nil: undefined }),
    name: fc.option(name, { nil: undefined }),
    mark: fc.stringMatching(/^[a-z0-9]{32}$/),
  });
  const words = fc.record({
    box: fc.stringMatching(/^[a-z][a-z0-9-]{2,10}$/),
    path: fc.string(),
    receive: fc.option(receive, { nil: undefined }),
  });

  it("arrives as it was sent, whatever files are called", () => {
    fc.assert(
      fc.property(words, (sent) => {
        expect(parseTransferWords(transferWords(sent))).toEqual(sent);
      }),
    );
  });

  it.each([
    [[]],
    [["api", "send"]],
    [["api", "send", "--"]],
    [["api", "send", "--", "a", "b"]],
    [["api", "send", "x", "--", "a"]],
    [["api", "take", "--", "a"]],
    [["api", "receive", "--", "a"]],
    [["api", "receive", "socket", `end=${"a".repeat(32)}`, "--", "a"]],
    [["api", "receive", "file", "--", "a"]],
    [["api", "receive", "file", "end=x", "--", "a"]],
    [["api", "receive", "file", `end=${"a".repeat(32)}`, "mode=4755", "--", "a"]],
    [["api", "receive", "file", `end=${"a".repeat(32)}`, "name=../x", "--", "a"]],
    [["api", "receive", "file", `end=${"a".repeat(32)}`, "name=..", "--", "a"]],
    [["api", "receive", "file", `end=${"a".repeat(32)}`, "name=", "--", "a"]],
    [["api", "receive", "file", `end=${"a".repeat(32)}`, `end=${"b".repeat(32)}`, "--", "a"]],
    [["api", "receive", "file", `end=${"a".repeat(32)}`, "--tar", "--", "a"]],
  ])("%j is none", (bad) => {
    expect(() => parseTransferWords(bad)).toThrow(DevboxError);
  });
});

describe("an error from the other side", () => {
  const json = { error: { code: "NO_SUCH_FILE", message: "no\u001b[2J", cause: "why", suggestions: ["do"] } };

  it("is the same error here, and printable", () => {
    const found = passedError(`noise\n${JSON.stringify(json)}\nmore`);
    expect(found).toMatchObject({
      code: "NO_SUCH_FILE",
      exitCode: 2,
      message: "no\\u{1b}[2J",
      why: "why",
      next: ["do"],
    });
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '{"error":1}',
    '{"error":{"code":"toString","message":"x"}}',
    '{"error":{"code":"BUG","message":"x"}}',
  ])("%j is none", (text) => {
    expect(errorInJson(text)).toBeUndefined();
  });
});
