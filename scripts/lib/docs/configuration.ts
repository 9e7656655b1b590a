import { configJsonSchema } from "../../../src/core/config/read.ts";
import { DEFAULTS } from "../../../src/core/config/defaults.ts";

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
}

/** The reference part of docs/configuration.md: every key of the schema. */
export function configurationReference(): string {
  const rows = rowsOf(configJsonSchema(), []);
  return ["| key | type | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function rowsOf(node: Node, path: readonly string[]): string[] {
  const properties = Object.entries(node.properties ?? {});
  const below = properties.flatMap(([key, child]) => rowsOf(child, [...path, key]));
  const anyKey =
    typeof node.additionalProperties === "object" ? rowsOf(node.additionalProperties, [...path, "NAME"]) : [];
  if (below.length + anyKey.length > 0) return [...below, ...anyKey];
  const { description = "" } = node;
  return [`| \`${path.join(".")}\` | ${typeOf(node)} | ${defaultOf(node, path)} | ${description} |`];
}

function isSize(node: Node): boolean {
  return node.examples?.includes("4GiB") === true;
}

function typeOf(node: Node): string {
  if (node.anyOf) return node.anyOf.map((each) => typeOf(each)).join(" or ");
  if (node.const !== undefined) return code(node.const);
  if (node.enum) return node.enum.map(code).join(" or ");
  if (isSize(node)) return "size";
  return node.type ?? "any";
}

function defaultOf(node: Node, path: readonly string[]): string {
  const value = node.default ?? at(DEFAULTS, path);
  if (value === undefined) return "";
  return code(value);
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  );
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}
