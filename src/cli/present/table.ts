import type { Style } from "../style.ts";

/** Width of a text on a terminal; all that is shown in tables is of single-width characters of one code unit. */
function width(text: string): number {
  return text.length;
}

/** Rows under a heading in aligned columns, two blanks between them, indented by two. */
export function table(style: Style, heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ""))));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - width(cell)))).join("   ")}`.trimEnd();
  return [style.faint(line(heading)), ...rows.map(line)].join("\n");
}

/** `label   value` lines, values aligned; those without a value are left out. */
export function facts(style: Style, entries: readonly (readonly [string, string | undefined])[]): string {
  const known = entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  const labelWidth = Math.max(...known.map(([label]) => width(label)));
  return known
    .map(
      ([label, value]) =>
        `  ${style.faint(label.padEnd(labelWidth))}   ${value.split("\n").join(`\n${" ".repeat(labelWidth + 5)}`)}`,
    )
    .join("\n");
}
