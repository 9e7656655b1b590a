import { DevboxError } from "./errors.ts";
import { quote } from "./text.ts";

/** Shortest and longest box name, in characters; 63 is the limit of a DNS label (RFC 1123). */
export const NAME_MIN = 3;
export const NAME_MAX = 63;

interface NameRule {
  readonly broken: (name: string) => boolean;
  readonly says: string;
}

// Ordered: the first broken rule is the one a person is told, so the most telling comes first.
const RULES: readonly NameRule[] = [
  { broken: (n) => n.length === 0, says: "a name must not be empty" },
  { broken: (n) => n.length < NAME_MIN, says: `a name has at least ${String(NAME_MIN)} characters` },
  { broken: (n) => n.length > NAME_MAX, says: `a name has at most ${String(NAME_MAX)} characters` },
  { broken: (n) => /[A-Z]/.test(n), says: "a name is in lower case" },
  { broken: (n) => /[^a-z0-9-]/.test(n), says: "a name has only letters a to z, digits and hyphens" },
  { broken: (n) => !/^[a-z]/.test(n), says: "a name starts with a letter" },
  { broken: (n) => n.includes("--"), says: "a name has no double hyphen" },
  { broken: (n) => n.endsWith("-"), says: "a name does not end with a hyphen" },
];

/** The rule a name breaks, or undefined for a good name. [FR-030, FR-031] */
export function brokenNameRule(name: string): string | undefined {
  return RULES.find((rule) => rule.broken(name))?.says;
}

/** The nearest good name to a bad one, or undefined when nothing sensible is left of it. */
export function suggestName(name: string): string | undefined {
  const candidate = name
    .slice(0, 4 * NAME_MAX)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, NAME_MAX)
    .replace(/-+$/, "");
  return brokenNameRule(candidate) === undefined ? candidate : undefined;
}

/**
 * Checks a name for a new box; names become tailnet host names, so the rules are those of
 * an RFC 1123 label in lower case, and a few of our own.
 * @throws {DevboxError} INVALID_NAME, naming the rule and the nearest good name.
 */
export function checkName(name: string): string {
  const rule = brokenNameRule(name);
  if (rule === undefined) return name;
  const suggestion = suggestName(name);
  throw new DevboxError("INVALID_NAME", `${quote(name)} cannot be the name of a box: ${rule}.`, {
    why: "Names become host names on the tailnet.",
    next: suggestion === undefined ? ["Choose a name such as api or my-project"] : [`Try: ${suggestion}`],
  });
}
