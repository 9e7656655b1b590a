import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import type { ArchiveContent, ArchiveStore, StoredArchive } from "../../ports/archive-store.ts";
import { Content } from "./content.ts";
import { damaged, meaning, withUnpacking } from "./errors.ts";
import { type Page, readPage, syncDirectory, writePage } from "./page.ts";
import { idOf, type Places, placesOf } from "./places.ts";
import { contentOf, readContent } from "./reader.ts";
import { FRAME, writeArchive } from "./writer.ts";

/**
 * Archives as files of a directory that is nobody's but the account's.
 * @param frame bytes of content after which a later try can go on
 * @param unpack the command by which the caller can unpack a damaged file; undefined: they cannot get at it
 */
export function createArchiveStore(dir: string, frame = FRAME, unpack?: (file: string) => string): ArchiveStore {
  const place = (id: string) => placesOf(dir, id);
  const trying = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw meaning(dir, error);
    }
  };
  trying(() => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  return {
    dir,

    async write(id, pieces, writing) {
      const content = new Content(pieces);
      try {
        return await writeArchive(id, place(id), content, { ...writing, frame });
      } catch (error) {
        throw meaning(dir, error);
      } finally {
        await content.close();
      }
    },

    async holds(id, pieces, check) {
      const page = readPage(place(id).page, id);
      if (page === undefined || !isWhole(place(id).file, page.archive)) return undefined;
      const content = new Content(pieces);
      try {
        while (await content.more()) {
          check();
          await content.skip(frame);
        }
      } finally {
        await content.close();
      }
      if (content.sum() !== page.contentSha256) return undefined;
      const { size, contentSize, entries, sha256 } = page.archive;
      return { size, contentSize, entries, sha256, contentSha256: page.contentSha256, frames: page.frames };
    },

    seal(record, content) {
      const { file, partial, mark, page } = place(record.id);
      trying(() => {
        // The page first: an archive without one could not be told from what is not whole.
        writePage(page, record, content);
        renameSync(partial, file);
        syncDirectory(dir);
        rmSync(mark, { force: true });
      });
    },

    async *read(id) {
      const { file } = place(id);
      try {
        const { archive, frames } = needPage(place(id), id);
        compare(archive, yield* contentOf(id, file, frames));
      } catch (error) {
        throw unpack === undefined ? error : withUnpacking(error, unpack(file));
      }
    },

    async verify(record) {
      const places = place(record.id);
      const { frames } = needPage(places, record.id);
      const found = sizeOf(places.file);
      if (found === undefined) throw damaged(record.id, "Its file is gone.");
      const content = await readContent(record.id, places.file, frames);
      compare(record, { ...content, size: found });
    },

    stored: () => trying(() => listed(dir)),

    remove(id) {
      const { file, partial, mark, page } = place(id);
      trying(() => {
        // The page last: as long as it is there, somebody can tell what was to be removed.
        for (const each of [file, partial, mark, `${mark}.new`, `${page}.new`, page]) rmSync(each, { force: true });
      });
    },
  };
}

/** @throws {DevboxError} ARCHIVE_DAMAGED */
function needPage(places: Places, id: string): Page {
  const page = readPage(places.page, id);
  if (page === undefined) throw damaged(id, "The page that says what it is is gone or cannot be read.");
  return page;
}

function listed(dir: string): StoredArchive[] {
  const ids = new Set(readdirSync(dir).flatMap((file) => idOf(file) ?? []));
  return [...ids].sort().map((id) => {
    const { file, partial, page } = placesOf(dir, id);
    const [whole, part] = [sizeOf(file), sizeOf(partial)];
    const record = readPage(page, id)?.archive;
    return { id, record, whole: whole !== undefined, size: (whole ?? 0) + (part ?? 0) };
  });
}

function isWhole(file: string, { size }: ArchiveRecord): boolean {
  return sizeOf(file) === size;
}

/** @throws {DevboxError} ARCHIVE_DAMAGED */
function compare({ id, size, contentSize, entries, sha256 }: ArchiveRecord, found: ArchiveContent): void {
  if (found.size !== size) throw damaged(id, `It has ${String(found.size)} bytes, and had ${String(size)}.`);
  if (found.sha256 !== sha256) throw damaged(id, "Its checksum is not what it was when it was written.");
  if (found.contentSize === contentSize && found.entries === entries) return;
  throw damaged(id, "It does not hold what it was written with.");
}

function sizeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}
