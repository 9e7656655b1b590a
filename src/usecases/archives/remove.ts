import { DevboxError } from "../../core/errors.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import type { Deps } from "../deps.ts";
import { dropArchive } from "./expire.ts";
import { findArchive, neededArchives } from "./known.ts";

/**
 * Removes an archive, and all that is in it.
 * @throws {DevboxError} ARCHIVE_NOT_FOUND, WRONG_STATE, STATE_UNWRITABLE
 */
export async function removeArchive(deps: Deps, { id }: { readonly id: string }): Promise<ArchiveRecord> {
  const archive = await findArchive(deps, id);
  if (neededArchives(deps).has(id)) {
    throw new DevboxError("WRONG_STATE", `the archive ${id} is needed by a command that is not through.`, {
      why: `${archive.boxName} is being restored from it, or destroyed.`,
      next: ["Try again when that is through", "Finish what was interrupted: devbox-ctl doctor --fix"],
    });
  }
  dropArchive(deps, await deps.archives(), id);
  return archive;
}
