import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import type { ArchiveContent, ArchiveWriting } from "../../ports/archive-store.ts";
import type { Content } from "./content.ts";
import { damaged } from "./errors.ts";
import { areFrames } from "./page.ts";
import type { Places } from "./places.ts";
import { readContent, total } from "./reader.ts";

/** Bytes of content after which a frame of zstd ends, and from which on a later try can go on. */
export const FRAME = 64 * 1024 * 1024;

/** Bytes that are handed to zstd at once. */
const PIECE = 64 * 1024;

const ZSTD = {
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
};

/** How far a partial archive is written, in whole frames. */
interface Mark {
  readonly contentSize: number;
  readonly contentSha256: string;
  readonly frames: readonly number[];
  /** Of the file so far. */
  readonly sha256: string;
}

interface Writing extends ArchiveWriting {
  readonly frame: number;
}

/** Writes a partial archive, or goes on with one. @returns undefined when the content does not begin as it did */
export async function writeArchive(
  id: string,
  places: Places,
  content: Content,
  { check, onResumed, frame }: Writing,
): Promise<ArchiveContent | undefined> {
  const mark = await readMark(places);
  const begun = mark === undefined ? undefined : await sumOf(places.partial, mark);
  if (mark !== undefined && begun !== undefined) {
    while (content.size < mark.contentSize && (await content.more())) {
      check(total(mark.frames));
      await content.skip(Math.min(frame, mark.contentSize - content.size));
    }
    if (content.size !== mark.contentSize || content.sum() !== mark.contentSha256) {
      await dropPartial(places);
      return undefined;
    }
    onResumed?.(mark.contentSize);
  }
  const written: Omit<Written, "file"> = {
    ...{ frames: begun === undefined ? [] : [...(mark?.frames ?? [])], sum: begun ?? createHash("sha256") },
  };
  // Not by appending: what follows the mark is of a frame that did not become whole.
  const file = await open(places.partial, begun === undefined ? "w" : "r+", 0o600);
  try {
    await file.truncate(total(written.frames));
    await writeFrames(places, content, { ...written, file }, { check, frame });
    await file.sync();
  } finally {
    await file.close();
  }
  const problem = content.tar.problem();
  if (problem !== undefined) throw damaged(id, `What came from the home is no tar archive: ${problem}.`);
  return lookedAt(id, places, written.frames, content);
}

interface Written {
  readonly file: FileHandle;
  readonly frames: number[];
  readonly sum: Hash;
}

async function writeFrames(
  places: Places,
  content: Content,
  written: Written,
  { check, frame }: Writing,
): Promise<void> {
  const { file, frames, sum } = written;
  let size = total(frames);
  const sink = async (source: AsyncIterable<Buffer>) => {
    for await (const piece of source) {
      await file.writev([piece], size);
      sum.update(piece);
      size += piece.length;
    }
  };
  while (await content.more()) {
    check(size);
    const start = size;
    await pipeline(() => frameOf(content, frame), createZstdCompress(ZSTD), sink);
    frames.push(size - start);
    const mark: Mark = {
      ...{ contentSize: content.size, contentSha256: content.sum() },
      ...{ frames, sha256: sum.copy().digest("hex") },
    };
    await writeFile(`${places.mark}.new`, JSON.stringify(mark), { mode: 0o600 });
    await rename(`${places.mark}.new`, places.mark);
  }
  check(size);
}

async function* frameOf(content: Content, frame: number): AsyncGenerator<Buffer> {
  for (const end = content.size + frame; content.size < end;) {
    const piece = await content.next(Math.min(PIECE, end - content.size));
    if (piece === undefined) return;
    yield piece;
  }
}

/** Reads what was written, to its end: what a disk keeps otherwise than it was given is found before the home goes. */
async function lookedAt(
  id: string,
  places: Places,
  frames: readonly number[],
  content: Content,
): Promise<ArchiveContent> {
  const found = await readContent(id, places.partial, frames);
  if (found.contentSha256 !== content.sum()) throw damaged(id, "What was written is not what is read.");
  return found;
}

/** A mark that an earlier try has left; undefined where there is none, or none that can be read. */
async function readMark(places: Places): Promise<Mark | undefined> {
  try {
    const mark = JSON.parse(await readFile(places.mark, "utf8")) as Partial<Mark>;
    const { contentSize, contentSha256, frames, sha256 } = mark;
    if (!Number.isSafeInteger(contentSize) || !areFrames(frames) || frames.length === 0) return undefined;
    if (typeof contentSha256 !== "string" || typeof sha256 !== "string") return undefined;
    return { contentSize: contentSize ?? 0, contentSha256, frames, sha256 };
  } catch {
    return undefined;
  }
}

/** The sum of what is written, to go on with; undefined when that is not what the mark says. */
async function sumOf(partial: string, { frames, sha256 }: Mark): Promise<Hash | undefined> {
  const sum = createHash("sha256");
  try {
    for await (const piece of createReadStream(partial, { end: total(frames) - 1, highWaterMark: PIECE })) {
      sum.update(piece as Buffer);
    }
  } catch {
    return undefined;
  }
  return sum.copy().digest("hex") === sha256 ? sum : undefined;
}

async function dropPartial({ partial, mark }: Places): Promise<void> {
  await rm(mark, { force: true });
  await rm(partial, { force: true });
}
