/** Longest piece of a caller's text that an error message repeats, in characters. */
const QUOTE_LIMIT = 80;

/**
 * A caller's or an engine's text made safe for a terminal: control characters and
 * everything that could move a cursor or change direction is shown as an escape.
 */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is being removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) =>
    c === "\n" ? "\\n" : c === "\t" ? "\\t" : `\\u{${c.charCodeAt(0).toString(16)}}`,
  );
}

/** Like {@link printable}, but keeps line breaks: for a program's own words of several lines. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => printable(line))
    .join("\n");
}

/** A caller's text, printable and cut to a length that a line can hold. */
export function clipped(text: string): string {
  return text.length > QUOTE_LIMIT ? `${printable(text.slice(0, QUOTE_LIMIT))}…` : printable(text);
}

/** A caller's text in double quotes, {@link clipped}; of a long one the length is told. */
export function quote(text: string): string {
  const quoted = `"${clipped(text)}"`;
  return text.length > QUOTE_LIMIT ? `${quoted} (${String(text.length)} characters)` : quoted;
}

/** Lines of which a person can take in the first few; how many more there are is told. */
export function fewLines(lines: readonly string[], most = 10): string {
  const more = lines.length - most;
  return [...lines.slice(0, most), ...(more > 0 ? [`… and ${String(more)} more`] : [])].join("\n");
}

/** `1 box`, `2 boxes`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${String(n)} ${n === 1 ? noun : plural}`;
}
