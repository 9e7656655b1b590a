import { Help } from "@oclif/core/help";
import type { Interfaces } from "@oclif/core";

/** What `--help` prints for these words, as text. */
export async function helpText(config: Interfaces.Config, words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  class Collected extends Help {
    protected override log(...args: string[]): void {
      lines.push(...args);
    }
  }
  await new Collected(config).showHelp([...words]);
  return lines.join("\n").trimEnd();
}
