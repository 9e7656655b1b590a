import { splitCommand } from "../../core/gate/split-command.ts";
import { renderError } from "../render-error.ts";

/** Shows an error of the boundary itself: in the form that the words asked for, as far as they can be read. */
export function reportRefusal(error: unknown, argv: readonly string[]): void {
  const rendered = renderError(error, process.stderr);
  process.exitCode = rendered.exitCode;
  const words = asked(argv);
  // Its standard output is a file's bytes, and who reads its errors is a program.
  if (words[0] === "transfer") process.stderr.write(`${JSON.stringify(rendered.json)}\n`);
  else if (words.includes("--json")) process.stdout.write(`${JSON.stringify(rendered.json, null, 2)}\n`);
  else process.stderr.write(`${rendered.text}\n`);
}

function asked(argv: readonly string[]): readonly string[] {
  const words = argv[0] === "--as" ? split(process.env.SSH_ORIGINAL_COMMAND ?? "") : argv;
  const end = words.indexOf("--");
  return end === -1 ? words : words.slice(0, end);
}

function split(line: string): readonly string[] {
  try {
    return splitCommand(line);
  } catch {
    return [];
  }
}
