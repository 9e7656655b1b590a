import type { NotifyConfig } from "../../core/config/lifecycle-config.ts";
import { printableLines, quote } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Channel } from "../../ports/notifier.ts";
import { notifyFailed } from "./failure.ts";
import { plainJson } from "./formats.ts";
import { runCommand } from "./run.ts";

type CommandConfig = Extract<NotifyConfig, { type: "command" }>;

/** A program of the host's administrators; whatever it ends with but 0 is a failure. */
export function command(name: string, { argv, timeout }: CommandConfig): Channel {
  return {
    name,
    deliver: async (message, signal) => {
      const input = `${JSON.stringify(plainJson(message))}\n`;
      const { ended, stderr } = await runCommand({ argv, input, timeout: timeout * SECOND, signal });
      if (ended === undefined) return;
      const why = [`It ${ended}.`, printableLines(stderr).trim()].filter((line) => line !== "").join("\n");
      throw notifyFailed({ what: `the command ${quote(argv[0] ?? "")} did not deliver the notice.`, why });
    },
  };
}
