import { run } from "@oclif/core";

/** Runs the command line and says what was wrong with it; errors inside a command are the command's own to show. */
export async function main(dir: string): Promise<void> {
  process.stdout.on("error", endQuietly);
  const argv = process.argv.slice(2);
  try {
    await run(argv, dir);
  } catch (error) {
    const { reportError } = await import("./report-error.ts");
    await reportError(error, argv, dir);
  }
}

/** A reader that has seen enough (`| head`) is no error of ours. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
