import { DevboxError } from "../../core/errors.ts";
import { endOf } from "../../core/lifecycle/archives.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { nearest } from "../../core/nearest.ts";
import { quote } from "../../core/text.ts";
import type { Millis } from "../../core/time.ts";
import type { ArchiveStore } from "../../ports/archive-store.ts";
import { mayUse } from "../access.ts";
import type { Deps } from "../deps.ts";

type Asking = Pick<Deps, "ledger" | "archives" | "caller" | "config">;

/**
 * Takes archives into the ledger that lie there whole and that it does not know: it may be a new one, or the command
 * that wrote them was killed before it could say so.
 * @returns those that were taken in
 */
export async function adoptArchives(deps: Pick<Deps, "ledger" | "archives">): Promise<ArchiveRecord[]> {
  // The ledger first: what is removed meanwhile is gone from the disk before it is gone from there.
  const known = new Map(deps.ledger.archives().map(({ id, state }) => [id, state]));
  const lost = lostArchives(await deps.archives(), known);
  for (const record of lost) {
    if (deps.ledger.archiveById(record.id) === undefined) deps.ledger.addArchive(record);
    else deps.ledger.updateArchive(record.id, record);
  }
  return lost;
}

/** Archives that lie there whole, and that a ledger with these does not know as such. */
export function lostArchives(store: ArchiveStore, known: ReadonlyMap<string, ArchiveRecord["state"]>): ArchiveRecord[] {
  return store.stored().flatMap(({ id, record, whole }) => {
    const state = known.get(id) ?? "writing";
    return whole && record !== undefined && state === "writing" ? [record] : [];
  });
}

/** Archives that are whole, of owners that are meant, the oldest first. */
export async function knownArchives(deps: Asking, isMeant: (owner: string) => boolean): Promise<ArchiveRecord[]> {
  await adoptArchives(deps);
  return deps.ledger.archives().filter(({ owner, state }) => state === "complete" && isMeant(owner));
}

/**
 * The archive of that id that the caller may use. Someone else's answers exactly as one that is not there.
 * @throws {DevboxError} ARCHIVE_NOT_FOUND
 */
export async function findArchive(deps: Asking, id: string): Promise<ArchiveRecord> {
  const archives = await knownArchives(deps, (owner) => mayUse(deps.caller, owner));
  const found = archives.find((archive) => archive.id === id);
  if (found !== undefined) return found;
  throw noSuchArchive(
    `you have no archive ${quote(id)}.`,
    nearest(
      id,
      archives.map((archive) => archive.id),
    ),
  );
}

/**
 * The newest archive of a box of that name; an administrator's own before those of others.
 * @throws {DevboxError} ARCHIVE_NOT_FOUND; NEEDS_CONFIRMATION when boxes of several others had that name
 */
export async function newestArchive(deps: Asking, name: string): Promise<ArchiveRecord> {
  const archives = await knownArchives(deps, (owner) => mayUse(deps.caller, owner));
  const named = archives.filter(({ boxName }) => boxName === name);
  const own = named.filter(({ owner }) => owner === deps.caller.user);
  const meant = own.length > 0 ? own : named;
  if (new Set(meant.map(({ owner }) => owner)).size > 1) {
    throw new DevboxError("NEEDS_CONFIRMATION", `boxes of several people were called ${quote(name)}.`, {
      why: meant.map(({ id, owner }) => `${id} of ${owner}`).join(", "),
      next: [`Say which archive: devbox-ctl restore ${name} --from ARCHIVE`],
    });
  }
  const newest = meant.at(-1);
  if (newest !== undefined) return newest;
  throw noSuchArchive(
    `you have no archive of a box named ${quote(name)}.`,
    nearest(
      name,
      archives.map(({ boxName }) => boxName),
    ),
  );
}

function noSuchArchive(what: string, near: string | undefined): DevboxError {
  return new DevboxError("ARCHIVE_NOT_FOUND", what, {
    next: [...(near === undefined ? [] : [`Did you mean ${near}?`]), "See yours: devbox-ctl archive list"],
  });
}

/** Until when an archive is kept; undefined: until somebody removes it. */
export function keptUntil({ config }: Pick<Deps, "config">, archive: ArchiveRecord): Millis | undefined {
  return endOf(archive, config.lifecycle.archive.keep);
}

/** Archives that an operation under way needs. */
export function neededArchives({ ledger }: Pick<Deps, "ledger">): ReadonlySet<string> {
  return new Set(ledger.operations().flatMap(({ input }) => input.archive ?? []));
}
