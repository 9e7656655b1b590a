/** What plain data in Nix can be here. */
export type NixData = string | null | readonly NixData[] | { readonly [key: string]: NixData };

interface Token {
  readonly kind: "punctuation" | "string" | "word";
  readonly text: string;
  readonly line: number;
}

const BLANK = /(?:[ \t\n]|#[^\n]*)+/y;
const TOKENS: readonly (readonly [Token["kind"], RegExp])[] = [
  ["punctuation", /[[\]{}=;]/y],
  ["string", /"(?:[^"\\$\p{Cc}]|\$(?!\{))*"/uy],
  ["word", /[a-zA-Z_][a-zA-Z0-9_-]*/y],
];
/** Words that mean something else than a name, also where a name may stand. */
const KEYWORDS = new Set(["assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"]);

/**
 * Reads the part of Nix that is plain data: lists, attribute sets with single names, strings without escapes and
 * without `${…}`, `null`, and `#` comments. What it reads, Nix evaluates to the same (test/integration/nix.test.ts).
 * @throws {Error} naming file and line, on anything else
 */
export function readNixData(text: string, file: string): NixData {
  const tokens = tokensOf(text, file);
  let position = 0;

  const fail = (wanted: string, token: Token | undefined): never => {
    const where = token === undefined ? "its end" : `line ${token.line}, \`${token.text}\``;
    throw new Error(`${file}: ${wanted} expected at ${where}; only plain data can be read`);
  };
  const take = (wanted: string): Token => {
    const token = tokens[position];
    if (token?.text !== wanted) return fail(`\`${wanted}\``, token);
    position += 1;
    return token;
  };
  const upTo = (end: string, each: () => void): void => {
    while (tokens[position]?.text !== end) each();
    take(end);
  };
  const list = (): NixData => {
    const items: NixData[] = [];
    upTo("]", () => void items.push(value()));
    return items;
  };
  const set = (): NixData => {
    const entries = new Map<string, NixData>();
    upTo("}", () => {
      const name = tokens[position];
      if (name?.kind !== "word" || KEYWORDS.has(name.text)) return fail("a name", name);
      if (entries.has(name.text)) fail("another name", name);
      position += 1;
      take("=");
      entries.set(name.text, value());
      take(";");
    });
    return Object.fromEntries(entries);
  };
  const value = (): NixData => {
    const token = tokens[position];
    if (token === undefined) return fail("a value", token);
    position += 1;
    if (token.kind === "string") return token.text.slice(1, -1);
    if (token.text === "null") return null;
    if (token.text === "[") return list();
    if (token.text === "{") return set();
    return fail("a string, a list, a set or null", token);
  };

  const data = value();
  if (position < tokens.length) fail("nothing more", tokens[position]);
  return data;
}

function tokensOf(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const blank = matchAt(BLANK, text, at);
    if (blank === undefined) {
      const found = tokenAt(text, at);
      if (found === undefined) {
        const rest = text.slice(at).split("\n", 1)[0] ?? "";
        throw new Error(`${file}: line ${line} is not plain data: ${rest.slice(0, 40)}`);
      }
      tokens.push({ ...found, line });
      at += found.text.length;
    } else {
      line += blank.split("\n").length - 1;
      at += blank.length;
    }
  }
  return tokens;
}

function tokenAt(text: string, at: number): Omit<Token, "line"> | undefined {
  for (const [kind, pattern] of TOKENS) {
    const found = matchAt(pattern, text, at);
    if (found !== undefined) return { kind, text: found };
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
