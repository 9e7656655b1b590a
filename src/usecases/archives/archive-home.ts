import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import type { Deps } from "../deps.ts";

/** Puts the home of a box away whose lease is held. */
export async function archiveHome(_deps: Deps, box: BoxRecord, _reason: string): Promise<ArchiveRecord> {
  await Promise.resolve();
  throw new DevboxError("ARCHIVE_QUOTA", `the home of ${box.name} cannot be archived yet.`);
}
