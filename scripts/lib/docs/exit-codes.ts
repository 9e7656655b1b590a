import { ERROR_EXIT } from "../../../src/core/errors.ts";
import { EXIT_MEANING } from "../../../src/core/exit-codes.ts";

/** docs/exit-codes.md */
export function exitCodesPage(): string {
  const rows = EXIT_MEANING.map(([code, meaning]) => {
    const errors = Object.entries(ERROR_EXIT).flatMap(([error, exit]) => (exit === code ? [`\`${error}\``] : []));
    const bug = code === 1 ? ["`BUG`"] : [];
    return `| ${String(code)} | ${meaning} | ${[...errors, ...bug].join(", ")} |`;
  });
  return [
    "# Exit codes",
    "",
    "One table for all commands; `devbox-ctl help exit-codes` prints it. Under `--json` an error has one of the codes on",
    "the right, which are never renamed. `ssh` and `exec` give the exit code of what ran in the box.",
    "",
    "| exit code | meaning | error codes |",
    "| --- | --- | --- |",
    ...rows,
    "",
    "A code without error codes is kept for what is to come.",
  ].join("\n");
}
