import { hasCode } from "../../core/errors.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { formatSize } from "../../core/size.ts";
import { mayUse } from "../access.ts";
import type { Deps } from "../deps.ts";
import { throwIfInterrupted } from "../journal.ts";
import { findArchive, knownArchives } from "./known.ts";

export interface VerifiedArchive {
  readonly archive: ArchiveRecord;
  /** What is wrong with it; undefined when it is as it was written. */
  readonly problem: string | undefined;
}

/**
 * Reads archives from their first byte to their last, and looks whether they are what was written.
 * @param input.id undefined: all that the caller may use
 * @throws {DevboxError} ARCHIVE_NOT_FOUND, INTERRUPTED
 */
export async function verifyArchives(
  deps: Deps,
  { id }: { readonly id: string | undefined },
): Promise<VerifiedArchive[]> {
  const archives =
    id === undefined ? await knownArchives(deps, (owner) => mayUse(deps.caller, owner)) : [await findArchive(deps, id)];
  const store = await deps.archives();
  const verified: VerifiedArchive[] = [];
  for (const archive of archives) {
    throwIfInterrupted(deps.interrupt);
    deps.progress.begin(`Archive ${archive.id}`);
    const problem = await store.verify(archive).then(
      () => undefined,
      (error: unknown) => {
        if (hasCode(error, "ARCHIVE_DAMAGED")) return error.why ?? error.message;
        throw error;
      },
    );
    if (problem === undefined) deps.progress.done(`${archive.boxName}, ${formatSize(archive.size)} read`);
    else deps.progress.failed();
    verified.push({ archive, problem });
  }
  return verified;
}
