import { join } from "node:path";
import type { Config } from "../../core/config/config.ts";
import type { ArchiveStore } from "../../ports/archive-store.ts";
import type { Channel } from "../../ports/notifier.ts";
import { stateDirOf } from "./config.ts";

/** Channels of the configuration. @throws {DevboxError} INVALID_CONFIG for a file that cannot be read */
export async function channels(config: Config): Promise<readonly Channel[]> {
  const { createChannels } = await import("../../adapters/notify/channels.ts");
  return createChannels(config);
}

/** Where archives are. */
export async function archives(config: Config): Promise<ArchiveStore> {
  const { createArchiveStore } = await import("../../adapters/archive/store.ts");
  return createArchiveStore(config.lifecycle.archive.dir ?? join(stateDirOf(config), "archives"));
}
