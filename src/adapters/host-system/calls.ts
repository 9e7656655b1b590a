import { DevboxError, messageOf } from "../../core/errors.ts";
import { fewLines } from "../../core/text.ts";
import { run, type RunOptions } from "./run.ts";

/** What a program said when it refused, for a person. */
export function wordsOf({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  const text = messageOf(stderr.trim() === "" ? stdout.trim() : stderr.trim());
  return fewLines(text.split("\n"));
}

interface CallOptions extends RunOptions {
  /** What is run again once the cause is mended; `host setup` when not given. */
  readonly again?: string;
}

/**
 * Runs a program that has to end well.
 * @param failed what was not done, as a sentence
 * @throws {DevboxError} HOST_SETUP
 */
export async function call(argv: readonly string[], failed: string, options: CallOptions = {}): Promise<string> {
  const { again = "host setup", ...rest } = options;
  const ended = await run(argv, rest);
  if (ended.exitCode === 0) return ended.stdout;
  throw new DevboxError("HOST_SETUP", failed, {
    why: `${argv.slice(0, 2).join(" ")} ended with ${ended.exitCode}: ${wordsOf(ended)}`,
    next: [`Mend what it names, then run again: devbox-ctl ${again}. It goes on where it stopped`],
  });
}
