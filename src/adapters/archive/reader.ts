import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { messageOf } from "../../core/errors.ts";
import type { ArchiveContent } from "../../ports/archive-store.ts";
import { Content } from "./content.ts";
import { damaged } from "./errors.ts";

/** Bytes that are read at once. */
const PIECE = 64 * 1024;

/**
 * What an archive's file holds, piece by piece.
 * @param frames as they were written: Node's own decompressor stops, or stumbles, where a second frame begins
 * @returns when all of it was read and is sound: what it turned out to be
 * @throws {DevboxError} ARCHIVE_DAMAGED
 */
export async function* contentOf(
  id: string,
  file: string,
  frames: readonly number[],
): AsyncGenerator<Buffer, ArchiveContent> {
  const sum = createHash("sha256");
  const content = new Content(unpacked(file, frames, sum));
  try {
    for (let piece = await content.next(PIECE); piece !== undefined; piece = await content.next(PIECE)) yield piece;
  } catch (error) {
    throw damaged(id, messageOf(error), error);
  }
  const problem = content.tar.problem();
  if (problem !== undefined) throw damaged(id, `What it holds is no tar archive: ${problem}.`);
  const { size: contentSize, tar } = content;
  return {
    size: total(frames),
    contentSize,
    entries: tar.entries,
    sha256: sum.digest("hex"),
    contentSha256: content.sum(),
    frames,
  };
}

/** Content of a file, frame by frame. @param sum is given what is read of the file itself */
async function* unpacked(file: string, frames: readonly number[], sum: Hash): AsyncGenerator<Buffer> {
  const counted = async function* (source: AsyncIterable<Buffer>) {
    for await (const piece of source) {
      sum.update(piece);
      yield piece;
    }
  };
  let start = 0;
  for (const size of frames) {
    const raw = createReadStream(file, { start, end: start + size - 1, highWaterMark: PIECE });
    // What goes wrong in it ends the last of them, which is read here.
    yield* pipeline(raw, counted, createZstdDecompress(), () => undefined) as AsyncIterable<Buffer>;
    start += size;
  }
}

/** Reads all of an archive's file. @throws {DevboxError} ARCHIVE_DAMAGED */
export async function readContent(id: string, file: string, frames: readonly number[]): Promise<ArchiveContent> {
  const pieces = contentOf(id, file, frames);
  for (;;) {
    const { done, value } = await pieces.next();
    if (done === true) return value;
  }
}

/** Bytes of a file of these frames. */
export function total(frames: readonly number[]): number {
  return frames.reduce((sum, size) => sum + size, 0);
}
