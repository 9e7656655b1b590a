import { createInterface } from "node:readline/promises";
import { DevboxError } from "../core/errors.ts";

/**
 * Asks on the terminal, on standard error so that results stay clean.
 * @param expected a word to be typed, for what cannot be taken back; without it `y` is enough
 * @throws {DevboxError} INTERRUPTED on Ctrl-C; the end of input is a no
 */
export async function confirm(question: string, expected?: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  prompt.once("SIGINT", () => {
    closed.abort("INT");
  });
  prompt.once("close", () => {
    closed.abort("end");
  });
  try {
    const words = `  ${question} ${expected === undefined ? "[y/N] " : ""}`;
    const answer = (await prompt.question(words, { signal: closed.signal })).trim();
    return expected === undefined ? /^y(es)?$/i.test(answer) : answer === expected;
  } catch {
    process.stderr.write("\n");
    if (closed.signal.reason !== "INT") return false;
    throw new DevboxError("INTERRUPTED", "nothing was done.", { why: "Ctrl-C was pressed." });
  } finally {
    prompt.close();
  }
}
