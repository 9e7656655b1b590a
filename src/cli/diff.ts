/** Most lines for which it is worth to look for the smallest difference. */
const MOST = 500;

/** Lines that go (`-`) and lines that come (`+`), in order; those that stay are left out. */
export function diffLines(before: string, after: string): string[] {
  const [old, young] = [linesOf(before), linesOf(after)];
  if (old.length > MOST || young.length > MOST)
    return [...old.map((line) => `-${line}`), ...young.map((line) => `+${line}`)];
  const common = commonLengths(old, young);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) [i, j] = [i + 1, j + 1];
    else if (j >= young.length || (i < old.length && at(common, i + 1, j) >= at(common, i, j + 1))) {
      lines.push(`-${old[i++] ?? ""}`);
    } else lines.push(`+${young[j++] ?? ""}`);
  }
  return lines;
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

const at = (table: readonly (readonly number[])[], i: number, j: number): number => table[i]?.[j] ?? 0;

/** Length of the longest common subsequence from each pair of lines on. */
function commonLengths(old: readonly string[], young: readonly string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(young.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = young.length - 1; j >= 0; j--) {
      const row = table[i] ?? [];
      row[j] = old[i] === young[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}
