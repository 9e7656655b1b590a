import * as z from "zod";
import { DevboxError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { clipped, fewLines, printable, quote } from "../text.ts";
import type { Config } from "./config.ts";
import { problemWords } from "./problem-words.ts";
import { configSchema } from "./schema.ts";

/**
 * A parsed document as configuration, defaults filled in.
 * @param file named in the error.
 * @throws {DevboxError} INVALID_CONFIG, every problem named with its key, unknown keys with the nearest known one.
 */
export function readConfig(document: unknown, file: string): Config {
  if (document === null || document === undefined) {
    throw new DevboxError("INVALID_CONFIG", `${quote(file)} is empty.`, {
      next: ["Write at least {} into it, or remove it to have the defaults", "devbox-ctl config schema"],
    });
  }
  if (typeof document !== "object" || Array.isArray(document)) {
    throw new DevboxError("INVALID_CONFIG", `${quote(file)} is not a configuration: its top level is not a mapping.`, {
      next: ["devbox-ctl config schema"],
    });
  }
  const result = configSchema.safeParse(document, { error: problemWords });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue));
  throw new DevboxError("INVALID_CONFIG", `${quote(file)} is not a valid configuration.`, {
    why: fewLines(problems),
    next: [`Mend it and run: devbox-ctl config check ${printable(file)}`],
  });
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  const at = clipped(issue.path.map(String).join("."));
  if (issue.code !== "unrecognized_keys") return [`${at}: ${issue.message}`];
  const known = knownKeys(issue.path);
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    const hint = near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`;
    return `${clipped([...issue.path.map(String), key].join("."))}: unknown key; ${hint}`;
  });
}

/** The keys that the schema knows at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let nodes: Node[] = [configJsonSchema()];
  for (const part of path) {
    nodes = nodes.flatMap((node) => {
      const next =
        typeof part === "number" ? node.items : (node.properties?.[String(part)] ?? node.additionalProperties);
      return typeof next === "object" ? [next, ...(next.oneOf ?? [])] : [];
    });
  }
  return [...new Set(nodes.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

/** A JSON Schema, as far as it says which keys there are; with `oneOf` those of things of several kinds. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
}

/** The JSON Schema of the configuration file. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: "input" });
}
