import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import type { Deps } from "../deps.ts";

/**
 * Removes archives whose time is over, and what killed commands left of others.
 * @returns those that were removed
 */
export async function expireArchives(_deps: Deps): Promise<ArchiveRecord[]> {
  await Promise.resolve();
  return [];
}
