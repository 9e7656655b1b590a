import { DevboxError, messageOf } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { printable } from "../core/text.ts";
import { type Style, styleFor } from "./style.ts";

/** How an error ends the process and what is said about it. */
export interface RenderedError {
  readonly exitCode: number;
  readonly text: string;
  readonly json: { readonly error: ErrorJson };
}

export interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly cause: string | null;
  readonly suggestions: readonly string[];
}

/** An error in its three parts (what, why, what next), as text and as JSON. */
export function renderError(error: unknown, stream: NodeJS.WriteStream): RenderedError {
  const style = styleFor(stream);
  if (error instanceof DevboxError) {
    return {
      exitCode: error.exitCode,
      text: textOf(style, error.message, error.why, error.next),
      json: jsonOf(error.code, error.message, error.why, error.next),
    };
  }
  const usage = usageError(error);
  if (usage) {
    const next = ["devbox-ctl --help"];
    return {
      exitCode: EXIT.usage,
      text: textOf(style, usage, undefined, next),
      json: jsonOf("USAGE", usage, undefined, next),
    };
  }
  const message = `this is a bug in devbox-ctl: ${printable(messageOf(error))}`;
  const why = error instanceof Error ? error.stack : undefined;
  const next = ["Please report it with the command and the text above"];
  return { exitCode: EXIT.bug, text: textOf(style, message, why, next), json: jsonOf("BUG", message, why, next) };
}

/** The message of oclif's own complaint about arguments; undefined for anything else. */
function usageError(error: unknown): string | undefined {
  const exit = (error as { oclif?: { exit?: number } } | null)?.oclif?.exit;
  if (!(error instanceof Error) || exit !== EXIT.usage) return undefined;
  const [first = ""] = error.message.split("\nSee more help");
  return first.split("\n").map(printable).join("\n").trim();
}

function textOf(style: Style, message: string, why: string | undefined, next: readonly string[]): string {
  const indented = (text: string) => text.split("\n").map((line) => `    ${line}`);
  return [
    `  ${style.bad("Error:")} ${message}`,
    ...(why === undefined || why === "" ? [] : indented(why)),
    ...next.map((line) => `    ${style.strong("→")} ${line}`),
  ].join("\n");
}

function jsonOf(code: string, message: string, why: string | undefined, next: readonly string[]): { error: ErrorJson } {
  return { error: { code, message, cause: why ?? null, suggestions: next } };
}
