import { parseDocument, stringify } from "yaml";
import { DevboxError, messageOf } from "../core/errors.ts";
import { fewLines, printable, quote } from "../core/text.ts";

/**
 * A YAML (or JSON) document as plain data.
 * @throws {DevboxError} INVALID_CONFIG with line and column
 */
export function parseYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) throw notYaml(file, document.errors);
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    // Aliases are followed only here: one that leads nowhere, or too many of them.
    throw notYaml(file, [error]);
  }
}

function notYaml(file: string, errors: readonly unknown[]): DevboxError {
  return new DevboxError("INVALID_CONFIG", `${quote(file)} is not YAML.`, {
    // The parser's first line ends in a colon, because the file's own line comes below it.
    why: fewLines(errors.map((error) => (messageOf(error).split("\n")[0] ?? "").replace(/:$/, ""))),
    next: [`Mend it and run: devbox-ctl config check ${printable(file)}`],
  });
}

/** Plain data as a YAML document. */
export function formatYaml(value: unknown): string {
  return stringify(value);
}
