import type { Interfaces } from "@oclif/core";
import { Config } from "@oclif/core/config";
import { renderError } from "./render-error.ts";
import { unknownCommand } from "./unknown-command.ts";

/** Shows an error that no command could show, because the words before it name none. */
export async function reportError(error: unknown, argv: readonly string[], options: Interfaces.Options): Promise<void> {
  const config = await Config.load(options);
  const said = unknownCommand(argv, config) ?? error;
  const rendered = renderError(said, process.stderr);
  process.exitCode = rendered.exitCode;
  if (asksForJson(argv)) process.stdout.write(`${JSON.stringify(rendered.json, null, 2)}\n`);
  else process.stderr.write(`${rendered.text}\n`);
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}
