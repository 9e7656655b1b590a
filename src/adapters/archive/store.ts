import type { ArchiveStore } from "../../ports/archive-store.ts";

/** Archives as files of a directory. */
export function createArchiveStore(dir: string): ArchiveStore {
  return { dir };
}
