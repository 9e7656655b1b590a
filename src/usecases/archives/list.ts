import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import type { Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { ownersIn, type Scope } from "../owners.ts";
import { requireOwner } from "../users/deps.ts";
import { keptUntil, knownArchives } from "./known.ts";

export interface ListedArchive extends ArchiveRecord {
  /** Undefined: until somebody removes it. */
  readonly keptUntil: Millis | undefined;
}

/**
 * The caller's archives, or those that an administrator asks for, the oldest first.
 * @throws {DevboxError} NOT_PERMITTED, USER_NOT_FOUND, STATE_UNWRITABLE
 */
export async function listArchives(deps: Deps, scope: Scope = {}): Promise<ListedArchive[]> {
  const archives = await knownArchives(deps, ownersIn(deps.caller, scope));
  requireOwner(deps, scope, archives.length);
  return archives.map((archive) => ({ ...archive, keptUntil: keptUntil(deps, archive) }));
}
