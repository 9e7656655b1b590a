import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

interface Requirements {
  /** Requirements that this version is to meet. */
  readonly now: Readonly<Record<string, string>>;
  /** Others, of which something is tested already. */
  readonly touched: Readonly<Record<string, string>>;
}

interface Quote {
  readonly file: string;
  readonly title: string;
}

const IDS = /\s*\[((?:FR|SC|[A-Z])-\d{2,3}(?:, ?(?:FR|SC|[A-Z])-\d{2,3})*)\]/g;

/** Which tests quote which requirement, by id. */
function quotes(root: string): Map<string, Quote[]> {
  const found = new Map<string, Quote[]>();
  for (const file of globSync("test/**/*.ts", { cwd: root }).sort()) {
    const source = ts.createSourceFile(file, readFileSync(path.join(root, file), "utf8"), ts.ScriptTarget.Latest);
    for (const titles of titlesIn(source, source, [])) {
      const own = titles.at(-1) ?? "";
      const title = titles.map((each) => each.replaceAll(IDS, "")).join(" › ");
      const ids = [...own.matchAll(IDS)].flatMap((match) => (match[1] ?? "").split(/, ?/));
      for (const id of ids) found.set(id, [...(found.get(id) ?? []), { file, title }]);
    }
  }
  return found;
}

/** The titles of tests and groups, each behind those of the groups it stands in. */
function titlesIn(node: ts.Node, source: ts.SourceFile, groups: readonly string[]): (readonly string[])[] {
  const title = titleOf(node, source);
  const inside = title === undefined ? groups : [...groups, title];
  const below: (readonly string[])[] = [];
  ts.forEachChild(node, (child) => void below.push(...titlesIn(child, source, inside)));
  return title === undefined ? below : [inside, ...below];
}

/** The title of a call of `it`, `test` or `describe`, with whatever stands between name and title, such as `.each(…)`. */
function titleOf(node: ts.Node, source: ts.SourceFile): string | undefined {
  if (!ts.isCallExpression(node) || !/^(?:it|test|describe)\b/.test(node.expression.getText(source))) return undefined;
  const [first] = node.arguments;
  if (first === undefined) return undefined;
  if (ts.isStringLiteralLike(first)) return first.text;
  return ts.isTemplateExpression(first) ? first.getText(source).slice(1, -1) : undefined;
}

/**
 * docs/coverage.md
 * @throws when a test quotes an id that docs/requirements.json does not know
 */
export function coveragePage(root: string): string {
  const known = JSON.parse(readFileSync(path.join(root, "docs/requirements.json"), "utf8")) as Requirements;
  const found = quotes(root);
  const strange = [...found.keys()].filter((id) => !(id in known.now) && !(id in known.touched));
  if (strange.length > 0) throw new Error(`quoted by tests, not in docs/requirements.json: ${strange.join(", ")}`);
  const untested = Object.keys(known.now).filter((id) => !found.has(id));
  const sections = (ids: Readonly<Record<string, string>>) =>
    Object.entries(ids).flatMap(([id, text]) => section(id, text, found.get(id) ?? []));
  return [
    "# What is tested",
    "",
    "Each requirement, and the tests whose titles quote its id.",
    untested.length === 0 ? "None is without a test." : `Without a test: ${untested.join(", ")}.`,
    "",
    ...sections(known.now),
    "## Others, of which something is tested already",
    "",
    ...sections(known.touched),
  ].join("\n");
}

function section(id: string, text: string, tests: readonly Quote[]): string[] {
  const byFile = Map.groupBy(tests, ({ file }) => file);
  const lines = [...byFile].flatMap(([file, all]) => {
    const titles = new Set(all.map(({ title }) => plain(title)));
    return [`- \`${file}\``, ...[...titles].map((title) => `  - ${title}`)];
  });
  return [`### ${id}: ${text}`, "", ...(lines.length === 0 ? ["- no test"] : lines), ""];
}

/** A title as text: what stands for a value in a table of cases is left as it is. */
function plain(title: string): string {
  return title.replaceAll(/[\\*_<>|]/g, String.raw`\$&`);
}
