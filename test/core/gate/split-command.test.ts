import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DevboxError } from "../../../src/core/errors.ts";
import { splitCommand } from "../../../src/core/gate/split-command.ts";

/** Words as a person or a program would quote them for sh. */
const quote = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");

const refusal = (line: string): string => {
  try {
    return JSON.stringify(splitCommand(line));
  } catch (error) {
    return error instanceof DevboxError ? error.code : String(error);
  }
};

describe("words of a command that came by SSH", () => {
  it.each<[string, string[]]>([
    ["", []],
    ["   ", []],
    ["list", ["list"]],
    ["  exec   api -- ls ", ["exec", "api", "--", "ls"]],
    ["exec api -- sh -c 'a  b'", ["exec", "api", "--", "sh", "-c", "a  b"]],
    [`echo "a 'b' \\"c\\" \\\\ \\$HOME \\x"`, ["echo", `a 'b' "c" \\ $HOME \\x`]],
    ["a\\ b c\\'d", ["a b", "c'd"]],
    [`x'y'"z"\\w`, ["xyzw"]],
    [`'' ""`, ["", ""]],
    ["list; id & $(id) `id` | x > y * ~ #z", ["list;", "id", "&", "$(id)", "`id`", "|", "x", ">", "y", "*", "~", "#z"]],
    ["größe 箱 🙂", ["größe", "箱", "🙂"]],
  ])("%j", (line, words) => {
    expect(splitCommand(line)).toEqual(words);
  });

  it.each([
    "'",
    '"',
    "a 'b",
    'a "b\\"',
    "a\\",
    "a\nb",
    "a\tb",
    "a\0b",
    "a\u0085b",
    "a\u007f",
    "\uFFFD",
    "x".repeat(65_537),
  ])("%j is refused", (line) => {
    expect(refusal(line)).toBe("USAGE");
  });

  it("are what was quoted, whatever that is", () => {
    // eslint-disable-next-line no-control-regex -- what is refused is left out
    const word = fc.string({ unit: "grapheme" }).filter((text) => !/[\u0000-\u001f\u007f-\u009f\uFFFD]/.test(text));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitCommand(quote(words))).toEqual(words);
      }),
    );
  });

  it("never come from anything else than a refusal or the text itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (line) => {
        const result = refusal(line);
        if (result === "USAGE") return;
        for (const word of JSON.parse(result) as string[]) for (const char of word) expect(line).toContain(char);
      }),
    );
  });
});
