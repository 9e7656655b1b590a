import { parseDocument, stringify } from "yaml";
import { DevboxError } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/**
 * A YAML (or JSON) document as plain data.
 * @throws {DevboxError} INVALID_CONFIG with line and column
 */
export function parseYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length === 0) return document.toJS({ maxAliasCount: 100 }) as unknown;
  throw new DevboxError("INVALID_CONFIG", `${quote(file)} is not YAML.`, {
    why: document.errors.map((error) => error.message.split("\n")[0] ?? "").join("\n"),
    next: [`Mend it and run: devbox-ctl config check ${file}`],
  });
}

/** Plain data as a YAML document. */
export function formatYaml(value: unknown): string {
  return stringify(value);
}
