import { createInterface } from "node:readline/promises";

/**
 * Asks on the terminal, on standard error so that results stay clean.
 * @param expected a word to be typed, for what cannot be taken back; without it `y` is enough
 */
export async function confirm(question: string, expected?: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = (await prompt.question(`  ${question} ${expected === undefined ? "[y/N] " : ""}`)).trim();
    return expected === undefined ? /^y(es)?$/i.test(answer) : answer === expected;
  } catch {
    // Ctrl-C or the end of input at the prompt: that is a no.
    return false;
  } finally {
    prompt.close();
  }
}
