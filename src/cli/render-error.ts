import { DevboxError, type ErrorCode, messageOf } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { printable } from "../core/text.ts";
import { type Style, styleFor } from "./style.ts";
import { usageError } from "./usage-error.ts";

/** How an error ends the process and what is said about it. */
export interface RenderedError {
  readonly exitCode: number;
  readonly text: string;
  readonly json: { readonly error: ErrorJson };
}

interface ErrorJson {
  readonly code: ErrorCode | "BUG";
  readonly message: string;
  readonly cause: string | null;
  readonly suggestions: readonly string[];
}

/**
 * An error in its three parts (what, why, what next), as text and as JSON.
 * @param command id of the command that was called, if one was, for the way to its help
 */
export function renderError(error: unknown, stream: NodeJS.WriteStream, command?: string): RenderedError {
  const style = styleFor(stream);
  if (error instanceof DevboxError) {
    return {
      exitCode: error.exitCode,
      text: textOf(style, error.message, error.why, error.next),
      json: jsonOf(error.code, error.message, error.why, error.next),
    };
  }
  const usage = usageError(error, command);
  if (usage) {
    return {
      exitCode: EXIT.usage,
      text: textOf(style, usage.message, usage.why, usage.next),
      json: jsonOf("USAGE", usage.message, usage.why, usage.next),
    };
  }
  const message = `this is a bug in devbox-ctl: ${printable(messageOf(error))}`;
  const why = error instanceof Error ? error.stack : undefined;
  const next = ["Please report it with the command and the text above"];
  return { exitCode: EXIT.bug, text: textOf(style, message, why, next), json: jsonOf("BUG", message, why, next) };
}

function textOf(style: Style, message: string, why: string | undefined, next: readonly string[]): string {
  const indented = (text: string) => text.split("\n").map((line) => `    ${line}`);
  return [
    `  ${style.bad("Error:")} ${message}`,
    ...(why === undefined || why === "" ? [] : indented(why)),
    ...next.map((line) => `    ${style.strong("→")} ${line}`),
  ].join("\n");
}

function jsonOf(
  code: ErrorJson["code"],
  message: string,
  why: string | undefined,
  next: readonly string[],
): { error: ErrorJson } {
  return { error: { code, message, cause: why ?? null, suggestions: next } };
}
