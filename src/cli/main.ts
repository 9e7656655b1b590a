import { existsSync, readFileSync, writeSync } from "node:fs";
import type { Interfaces } from "@oclif/core";
import { EXIT } from "../core/exit-codes.ts";
import { BOUNDARY_FILE } from "../core/gate/boundary-file.ts";
import { type CommandTable, runDirectly } from "./run-directly.ts";
import { packageFile } from "./paths.ts";
import { renderError } from "./render-error.ts";
import { takeServiceToken } from "./service-token.ts";

/**
 * Runs the command line and says what was wrong with it; errors inside a command are the command's own to show.
 * @param commands the build's table of them; what is not in it goes oclif's whole way
 */
export async function main(commands: CommandTable = {}): Promise<void> {
  takeServiceToken();
  for (const stream of [process.stdout, process.stderr]) stream.on("error", onOutputError);
  // oclif listens to standard output as well, and throws what it hears.
  process.on("uncaughtException", (error) => {
    if (error === outputError) return;
    const rendered = renderError(error, process.stderr);
    process.exitCode = rendered.exitCode;
    process.stderr.write(`${rendered.text}\n`);
  });
  const typed = process.argv.slice(2);
  const options = packageOptions();
  const argv = await wordsToRun(typed);
  if (argv === undefined) return;
  if (isListing(argv)) (await import("./compose/engine.ts")).prefetchListing();
  try {
    if (await runDirectly(commands, argv, options)) return;
    const { run } = await import("@oclif/core/run");
    await run([...argv], options);
  } catch (error) {
    const { reportError } = await import("./report-error.ts");
    await reportError(error, argv, options);
  }
}

/**
 * The words to run: those that were typed, or on an orchestrator those that the boundary lets through.
 * @returns undefined when it let none through, which has been told
 */
async function wordsToRun(typed: readonly string[]): Promise<readonly string[] | undefined> {
  const boundary = boundaryText();
  if (boundary === undefined) return typed;
  try {
    const { enter } = await import("./boundary/enter.ts");
    return await enter(boundary, typed);
  } catch (error) {
    const { reportRefusal } = await import("./boundary/refusal.ts");
    reportRefusal(error, typed);
    return undefined;
  }
}

/** What `host setup` left for everyone; there is none in personal mode. */
function boundaryText(): string | undefined {
  return existsSync(BOUNDARY_FILE) ? readFileSync(BOUNDARY_FILE, "utf8") : undefined;
}

/** Words after `list` that change neither the configuration nor what is done. */
const PLAIN = new Set(["--json", "--usage", "--quiet", "-q"]);

/** Whether a command will begin with a listing of the configured engine's boxes, whatever else is found in it. */
function isListing([command, ...others]: readonly string[]): boolean {
  return (command === "list" || command === "ls") && others.every((word) => PLAIN.has(word));
}

/** Where oclif finds the commands; it is spared looking for and reading the package by itself. */
export function packageOptions(): Interfaces.Options {
  const file = packageFile("package.json");
  return { root: packageFile("."), pjson: JSON.parse(readFileSync(file, "utf8")) as Interfaces.PJSON };
}

let outputError: Error | undefined;

/**
 * A reader that has seen enough (`| head`, a terminal that was closed) is no error, and what is being done goes on:
 * a create must not stop half way because nobody watches it. Output that cannot be written at all is one.
 */
function onOutputError(error: NodeJS.ErrnoException): void {
  outputError = error;
  if (error.code === "EPIPE" || error.code === "EIO") return;
  process.exitCode = error.code === "ENOSPC" ? EXIT.host : EXIT.bug;
  try {
    writeSync(
      2,
      `  Error: the output cannot be written.\n    ${error.message}\n    → Write it to somewhere with room\n`,
    );
  } catch {
    // Nothing is left to say it on.
  }
}
