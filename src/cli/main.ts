import { readFileSync } from "node:fs";
import type { Interfaces } from "@oclif/core";
import { packageFile } from "./paths.ts";

/** Runs the command line and says what was wrong with it; errors inside a command are the command's own to show. */
export async function main(): Promise<void> {
  process.stdout.on("error", endQuietly);
  const argv = process.argv.slice(2);
  if (isListing(argv)) (await import("./compose.ts")).prefetchListing();
  const options = packageOptions();
  try {
    const { run } = await import("@oclif/core/run");
    await run(argv, options);
  } catch (error) {
    const { reportError } = await import("./report-error.ts");
    await reportError(error, argv, options);
  }
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

/** A reader that has seen enough (`| head`) is no error of ours. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
