import { checkArchiveRoom } from "../../core/lifecycle/archives.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { hasCode } from "../../core/errors.ts";
import type { ArchiveStore } from "../../ports/archive-store.ts";
import type { Deps } from "../deps.ts";
import { settleClock } from "../lifecycle/clock.ts";
import { expireArchives } from "./expire.ts";

/** The archive that needs room: `size` what it may take in all, of which `onDisk` is written. */
interface Needing extends Pick<ArchiveRecord, "id" | "owner" | "size"> {
  readonly onDisk: number;
}

/** @throws {DevboxError} ARCHIVE_QUOTA, HOST_DISK */
export function checkRoom(deps: Pick<Deps, "ledger" | "config" | "host">, store: ArchiveStore, needing: Needing): void {
  const { id, owner, size, onDisk } = needing;
  const archives = deps.ledger.archives().filter((archive) => archive.id !== id);
  const free = deps.host.free(store.dir).disk;
  checkArchiveRoom(deps.config, { archives, owner, size, toWrite: Math.max(0, size - onDisk), free });
}

/**
 * Makes room for an archive: those whose time is over go first, if it does not fit otherwise. Others never do.
 * @throws {DevboxError} ARCHIVE_QUOTA, HOST_DISK
 */
export async function makeRoom(deps: Deps, store: ArchiveStore, needing: Needing): Promise<void> {
  try {
    checkRoom(deps, store, needing);
  } catch (error) {
    if (!hasCode(error, "ARCHIVE_QUOTA", "HOST_DISK")) throw error;
    // A clock that was set meanwhile must not be what ends somebody's archive.
    settleClock(deps);
    if ((await expireArchives(deps)).length === 0) throw error;
    checkRoom(deps, store, needing);
  }
}
