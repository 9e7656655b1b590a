import type * as z from "zod";
import { clipped, count } from "../text.ts";

/** What a value has to be, in a person's words. */
const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys",
  record: "a mapping of keys",
};

/**
 * What is wrong with a value of the configuration, as the end of `KEY: …`; undefined where the schema's own words stand.
 * The library's are for programmers: `expected string, received undefined`.
 */
export function problemWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type": {
      const kind = KINDS[issue.expected];
      if (kind === undefined) return undefined;
      return issue.input === undefined ? `is missing; it has to be ${kind}` : `must be ${kind}`;
    }
    case "invalid_value": {
      const words = issue.values.map(String);
      return words.length === 1 ? `must be ${words.join("")}` : `must be one of ${words.join(", ")}`;
    }
    case "too_small":
      return boundWords(issue.origin, Number(issue.minimum), "at least");
    case "too_big":
      return boundWords(issue.origin, Number(issue.maximum), "at most");
    case "invalid_format":
      return issue.format === "email" ? "must be an e-mail address such as alice@example.com" : undefined;
    case "invalid_union":
      return issue.discriminator === undefined ? undefined : typeWords(issue);
    default:
      return undefined;
  }
}

function boundWords(origin: string, bound: number, how: string): string {
  if (origin === "string") return bound === 1 ? "must not be empty" : `must have ${how} ${count(bound, "character")}`;
  if (origin === "array") return `must have ${how} ${count(bound, "entry", "entries")}`;
  return `must be ${how} ${String(bound)}`;
}

/** Of things of several kinds, each with keys of its own: which kinds there are. */
function typeWords({ input, discriminator = "", options }: z.core.$ZodRawIssue & { readonly code: "invalid_union" }) {
  const given = (input as Readonly<Record<string, unknown>> | undefined)?.[discriminator];
  const known = Array.isArray(options) ? options.map(String).join(", ") : undefined;
  const is = given === undefined ? "is missing" : `${clipped(JSON.stringify(given))} is not known`;
  return known === undefined ? is : `${is}; known here: ${known}`;
}
