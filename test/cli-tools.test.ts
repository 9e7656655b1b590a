import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cliToolsFiles, parseCliTools, readCliTools } from "../scripts/lib/docs/cli-tools.ts";
import { readNixData, type NixData } from "../scripts/lib/docs/nix-data.ts";
import { stalePages } from "../scripts/lib/docs/pages.ts";

const root = path.resolve(import.meta.dirname, "..");

describe("the reader of plain Nix data", () => {
  it("reads lists, sets, strings, null and comments", () => {
    const text = '# a list\n[\n  { name = "a b"; none = null; in-set = { }; } # one\n  [ ]\n  "$ # {"\n]\n';
    expect(readNixData(text, "x.nix")).toEqual([{ name: "a b", none: null, "in-set": {} }, [], "$ # {"]);
  });

  it("gives back whatever data was written", () => {
    const name = fc.stringMatching(/^[a-z_][a-zA-Z0-9_-]{0,6}[0-9]$/);
    const text = fc.string({ unit: "binary" }).map((all) => all.replaceAll(/["\\$\p{Cc}]/gu, ""));
    const { data } = fc.letrec<{ data: NixData }>((tie) => ({
      data: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.constant(null),
        fc.array(tie("data"), { maxLength: 4 }),
        fc.dictionary(name, tie("data"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(data, (value) => {
        expect(readNixData(written(value), "x.nix")).toEqual(value);
      }),
    );
  });

  it.each([
    ["a function", "x: x"],
    ["a let", 'let a = "b"; in a'],
    ["a recursive set", 'rec { a = "b"; }'],
    ["inherit", "{ inherit a; }"],
    ["a name", "[ a ]"],
    ["a number", "[ 1 ]"],
    ["a path", "[ ./a ]"],
    ["an expression", '"a" + "b"'],
    ["an interpolation", '"a ${b}"'],
    ["an escape", String.raw`"a\n"`],
    ["an indented string", "''a''"],
    ["a tab in a string", '"a\tb"'],
    ["a string over two lines", '"a\nb"'],
    ["a nested name", '{ a.b = "c"; }'],
    ["a quoted name", '{ "a" = "c"; }'],
    ["a name given twice", '{ a = "b"; a = "c"; }'],
    ["a missing semicolon", '{ a = "b" }'],
    ["a list without its end", '[ "a"'],
    ["a string without its end", '"a'],
    ["two values", "[ ] [ ]"],
    ["a C comment", "/* a */ [ ]"],
    ["nothing", ""],
  ])("refuses %s, and names the file", (_, text) => {
    expect(() => readNixData(text, "x.nix")).toThrow(/^x\.nix: /);
  });

  it("names the line", () => {
    expect(() => readNixData('[\n  # two\n  "a"\n  b\n]', "x.nix")).toThrow("x.nix: a string, a list, a set or null");
    expect(() => readNixData('[\n  # two\n  "a"\n  b\n]', "x.nix")).toThrow("line 4, `b`");
    expect(() => readNixData('[\n  "a"\n  (b)\n]', "x.nix")).toThrow("line 3 is not plain data: (b)");
  });
});

describe("the list of tools", () => {
  const good = { name: "a", package: "a", debian: "aa", commands: ["a"], group: "data", why: "does things" };
  const parsed = (...tools: readonly NixData[]) => parseCliTools(written(tools));

  it("takes a tool that keeps the shape", () => {
    expect(parsed(good)).toEqual([{ ...good, debianLinks: [] }]);
  });

  it.each([
    ["an unknown key", { ...good, debain: "a" }, /debain/],
    ["an unknown group", { ...good, group: "toys" }, /group/],
    ["no Debian package and no word why", { ...good, debian: null }, /debianNote/],
    ["a link to something that is no command", { ...good, debianLinks: [{ name: "b", target: "/usr/bin/c" }] }, /link/],
    ["a package that is no name", { ...good, debian: "a b" }, /debian/],
  ])("refuses %s", (_, tool, message) => {
    expect(() => parsed(tool)).toThrow(message);
  });

  it("refuses what is listed twice", () => {
    const other = { ...good, name: "b", debian: "bb", commands: ["b"] };
    expect(() => parsed(good, other)).not.toThrow();
    expect(() => parsed(good, { ...other, name: "a" })).toThrow("names that are listed twice: a");
    expect(() => parsed(good, { ...other, commands: ["a"] })).toThrow("commands that are listed twice: a");
    expect(() => parsed(good, { ...other, debian: "aa" })).toThrow("Debian packages that are listed twice: aa");
  });

  it("has all of its files made anew after a change (npm run docs) [SC-008]", () => {
    const files = cliToolsFiles(readCliTools(root));
    const texts = new Map([...files].filter(([file]) => file.endsWith(".txt")));
    expect(texts.size).toBe(3);
    expect(stalePages(root, texts)).toEqual([]);
  });

  it("maps each tool to a Debian package, or says why there is none [FR-007]", () => {
    const tools = readCliTools(root);
    const files = cliToolsFiles(tools);
    const lists = ["cli-tools.txt", "runtimes.txt"].map((name) => files.get(`containers/box/debian/${name}`) ?? "");
    const listed = lists.flatMap((text) => [...text.matchAll(/^[^#\s]+/gm)].map(([name]) => name));
    expect(listed.toSorted()).toEqual(tools.flatMap(({ debian }) => debian ?? []).toSorted());
    for (const { name } of tools) expect(files.get("docs/cli-tools.md")).toContain(`\n| ${name} |`);
  });
});

/** Data as Nix source. */
function written(value: NixData): string {
  if (value === null) return "null";
  if (typeof value === "string") return `"${value}"`;
  if (Array.isArray(value)) return `[ ${value.map(written).join(" ")} ]`;
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name} = ${written(inner)};`)
    .join(" ")} }`;
}
