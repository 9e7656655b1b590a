import { ERROR_EXIT } from "../../core/errors.ts";
import { EXIT_MEANING } from "../../core/exit-codes.ts";

/** The one table of exit codes, for `help exit-codes`. */
export function presentExitCodes(): string {
  const lines = EXIT_MEANING.map(([code, meaning]) => `  ${String(code).padStart(3)}   ${meaning}`);
  return [
    "Exit codes of every command:",
    ...lines,
    "ssh and exec give the exit code of what ran in the box; their own failures are on standard error.",
    "Under --json an error has a code of its own as well: docs/exit-codes.md",
  ].join("\n");
}

/** `help exit-codes --json`; its schema is docs/json/exit-codes.schema.json. */
export function exitCodesJson() {
  return {
    exitCodes: EXIT_MEANING.map(([code, meaning]) => ({
      code,
      meaning,
      errors: Object.entries(ERROR_EXIT).flatMap(([error, exit]) => (exit === code ? [error] : [])),
    })),
  };
}
