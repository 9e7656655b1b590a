import { join } from "node:path";
import type { Caller } from "../../core/caller.ts";
import type { Config } from "../../core/config/config.ts";
import { printable } from "../../core/text.ts";
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

/** Where archives are. Their files are the account's: on a shared host only administrators get at them. */
export async function archives(config: Config, { via, admin }: Caller): Promise<ArchiveStore> {
  const { createArchiveStore } = await import("../../adapters/archive/store.ts");
  const isOwn = via === "local";
  const unpack = (file: string) => `${isOwn ? "" : "sudo "}tar --zstd -xf ${printable(file)}`;
  const dir = config.lifecycle.archive.dir ?? join(stateDirOf(config), "archives");
  return createArchiveStore(dir, undefined, isOwn || admin ? unpack : undefined);
}
