import type { ArchiveRecord } from "../core/lifecycle/records.ts";

/** What an archive turned out to be. */
export interface ArchiveContent {
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes of what it holds: files, their names and all that tar says of them. */
  readonly contentSize: number;
  /** Files, directories and whatever else. */
  readonly entries: number;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  /** The same of what it holds, by which it is known whether a home is still what was put away. */
  readonly contentSha256: string;
  /** Bytes of each frame of zstd in the file, in order; each can be read by itself. */
  readonly frames: readonly number[];
}

/** What is there of an archive. */
export interface StoredArchive {
  readonly id: string;
  /** What is written down beside it; undefined when that cannot be read or was not written yet. */
  readonly record: ArchiveRecord | undefined;
  /** Whether it is written to its end. */
  readonly whole: boolean;
  /** Bytes on disk, of what is whole and of what is not. */
  readonly size: number;
}

export interface ArchiveWriting {
  /** Called every 64 MiB of content with the bytes that the file has; what it throws ends the writing. */
  readonly check: (size: number) => void;
  /** Told how much content an earlier try that was killed had written, when that is kept. */
  readonly onResumed?: (contentSize: number) => void;
}

/**
 * Where homes that were put away lie: a file of tar and zstd each, with a page beside it that says what it is.
 * All methods throw {@link DevboxError} HOST_DISK for a full disk, STATE_UNWRITABLE for a directory that cannot be used.
 */
export interface ArchiveStore {
  /** Directory of the archives; made when it is not there. */
  readonly dir: string;
  /**
   * Writes what comes from tar into an archive that is not whole yet, and looks at all that was written. What an earlier
   * try has written is kept if the content begins alike. When it fails, what was written stays for the next try.
   * @returns undefined when the content does not begin as it did at an earlier try: what that wrote is gone, and the
   * content has to be given once more
   * @throws {DevboxError} ARCHIVE_DAMAGED for content that is no tar archive to its end
   */
  write(id: string, content: AsyncIterable<Buffer>, writing: ArchiveWriting): Promise<ArchiveContent | undefined>;
  /** Whether an archive that is whole holds just this content. @returns what it is, or undefined when not */
  holds(id: string, content: AsyncIterable<Buffer>, check: () => void): Promise<ArchiveContent | undefined>;
  /** Makes an archive of what was written, with the page that says what it is. From then on it outlives the ledger. */
  seal(record: ArchiveRecord, content: ArchiveContent): void;
  /** What an archive that is whole holds; its end is only given when all of it was as its page says. */
  read(id: string): AsyncIterable<Buffer>;
  /** Reads all of an archive. @throws {DevboxError} ARCHIVE_DAMAGED */
  verify(record: ArchiveRecord): Promise<void>;
  /** All that is there. */
  stored(): StoredArchive[];
  /** Removes an archive, whole or not, and its page; one that is gone is no error. */
  remove(id: string): void;
}
