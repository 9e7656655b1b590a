import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";

/** A GitHub-flavoured Markdown table, padded so that it reads well as text too; numbers to the right. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isNumber = heading.map((_, column) => rows.every((row) => /^([\d.]+( .*)?|-|)$/.test(row[column] ?? "")));
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, i) =>
      isNumber[i] === true ? (cells[i] ?? "").padStart(width) : (cells[i] ?? "").padEnd(width),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, i) => (isNumber[i] === true ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(heading), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** Milliseconds for a table. */
export const ms = (time: number): string => (time < 100 ? time.toFixed(1) : time.toFixed(0));

/** Prints a page and writes it to `docs/bench/results/<name>.md`, or wherever `--out` says. */
export async function publish(page: string, name: string, out: string | undefined): Promise<void> {
  const file = path.resolve(out ?? path.join(import.meta.dirname, "../results", `${name}.md`));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, page);
  process.stdout.write(`${page}\n`);
  process.stderr.write(`written to ${path.relative(process.cwd(), file)}\n`);
}
