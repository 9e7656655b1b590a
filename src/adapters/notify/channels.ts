import type { Config } from "../../core/config/config.ts";
import type { NotifyConfig } from "../../core/config/lifecycle-config.ts";
import type { Channel } from "../../ports/notifier.ts";
import { command } from "./command.ts";
import { email } from "./email.ts";
import type { ReadSecret } from "./secret-file.ts";
import { webhook } from "./webhook.ts";

/**
 * Makes the channels that the configuration names. Their files are read when something is told, so that one which is
 * missing fails that channel and nothing else.
 * @param read reads a file that nobody else may read
 */
export function createChannels({ notify }: Pick<Config, "notify">, read: ReadSecret): readonly Channel[] {
  const seen = new Map<string, number>();
  return notify.map((config) => {
    const nth = (seen.get(config.type) ?? 0) + 1;
    seen.set(config.type, nth);
    return channelOf(nth === 1 ? config.type : `${config.type}-${String(nth)}`, config, read);
  });
}

function channelOf(name: string, config: NotifyConfig, read: ReadSecret): Channel {
  switch (config.type) {
    case "webhook":
      return webhook(name, config, read);
    case "email":
      return email(name, config, read);
    case "command":
      return command(name, config);
  }
}
