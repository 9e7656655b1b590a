import { DevboxError, ERROR_EXIT, type ErrorCode } from "../errors.ts";
import { printableLines } from "../text.ts";

/** Longest line of errors that is read, in characters. */
const MOST = 16 * 1024;

/**
 * An error that the account's side told in one line of JSON, among whatever else was said there; undefined when none
 * was. What it says is shown as it would have been over there.
 */
export function passedError(stderr: string): DevboxError | undefined {
  for (const line of stderr.split("\n").reverse()) {
    if (!line.startsWith("{") || line.length > MOST) continue;
    const told = errorInJson(line);
    if (told !== undefined) return told;
  }
  return undefined;
}

/** The error that a command's `--json` gave; undefined when it is none. */
export function errorInJson(text: string): DevboxError | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { code, message, cause, suggestions } = (json as { error?: Record<string, unknown> } | null)?.error ?? {};
  if (typeof code !== "string" || typeof message !== "string" || !isErrorCode(code)) return undefined;
  return new DevboxError(code, printableLines(message), {
    why: typeof cause === "string" ? printableLines(cause) : undefined,
    next: Array.isArray(suggestions) ? suggestions.map((each) => printableLines(String(each))) : [],
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_EXIT, code);
}
