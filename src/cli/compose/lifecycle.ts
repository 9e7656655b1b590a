import { join } from "node:path";
import type { Config } from "../../core/config/config.ts";
import type { ArchiveStore } from "../../ports/archive-store.ts";
import type { Channel } from "../../ports/notifier.ts";
import { stateDirOf } from "./config.ts";

/** Channels of the configuration; loaded only when somebody is told something. */
export async function channels(config: Config): Promise<readonly Channel[]> {
  const [{ createChannels }, { readPrivateFile: read }] = await Promise.all([
    import("../../adapters/notify/channels.ts"),
    import("../../adapters/system/private-file.ts"),
  ]);
  return createChannels(config, read);
}

/** Where archives are. */
export async function archives(config: Config): Promise<ArchiveStore> {
  const { createArchiveStore } = await import("../../adapters/archive/store.ts");
  return createArchiveStore(config.lifecycle.archive.dir ?? join(stateDirOf(config), "archives"));
}
