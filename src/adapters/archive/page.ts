import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import type { ArchiveContent } from "../../ports/archive-store.ts";
import { total } from "./reader.ts";

/** What is written down beside an archive, so that it can be told what it is when the ledger is lost. */
export interface Page {
  readonly version: 1;
  readonly archive: ArchiveRecord;
  readonly contentSha256: string;
  readonly frames: readonly number[];
}

/** Writes a page so that it is there after a crash as well. */
export function writePage(file: string, record: ArchiveRecord, { contentSha256, frames }: ArchiveContent): void {
  const page: Page = { version: 1, archive: record, contentSha256, frames };
  const fresh = `${file}.new`;
  writeFileSync(fresh, `${JSON.stringify(page, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(fresh, file);
}

/** The page of an archive; undefined when it cannot be read as one. */
export function readPage(file: string, id: string): Page | undefined {
  try {
    const page = JSON.parse(readFileSync(file, "utf8")) as Page;
    return isPage(page, id) ? page : undefined;
  } catch {
    return undefined;
  }
}

/** Nobody but the account writes here; what is asked is whether it is whole, and of a version that is known. */
function isPage({ version, archive, contentSha256, frames }: Page, id: string): boolean {
  const texts = [archive.boxId, archive.boxName, archive.owner, archive.spec, archive.reason, archive.sha256];
  const counts = [archive.createdAt, archive.size, archive.contentSize, archive.entries];
  return (
    [version, archive.id, archive.state].join() === `1,${id},complete` &&
    [...texts, contentSha256].every((text) => typeof text === "string") &&
    counts.every((count) => Number.isSafeInteger(count)) &&
    (archive.expiresAt === undefined || Number.isSafeInteger(archive.expiresAt)) &&
    Array.isArray(archive.unpushed) &&
    areFrames(frames) &&
    total(frames) === archive.size
  );
}

/** Whether these can be sizes of frames. */
export function areFrames(frames: unknown): frames is number[] {
  return Array.isArray(frames) && frames.every((size) => Number.isSafeInteger(size) && size > 0);
}

/** Makes a directory's names last. */
export function syncDirectory(dir: string): void {
  const handle = openSync(dir, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
