import { DevboxError } from "../../core/errors.ts";
import type { TransferHeader } from "../../core/transfer.ts";

/** Longest header line that is read, in bytes; a name of 255 bytes takes at most 1.5 KiB as JSON. */
export const HEADER_LIMIT = 4096;

/** What a box sends: a header, then bytes. Both are as hostile as whatever runs in the box. */
export interface Announced {
  readonly header: TransferHeader;
  /** The bytes after the header, of a file never more than announced. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether the stream came to its own end, so that how its sender ended says something. */
  ended(): boolean;
  /** Lets go of the stream. */
  close(): Promise<void>;
}

/**
 * Reads the header of a stream from a box.
 * @returns undefined when there was nothing at all: then the sender has said why elsewhere
 * @throws {DevboxError} ENGINE_GARBAGE
 */
export async function readAnnounced(stream: NodeJS.ReadableStream): Promise<Announced | undefined> {
  const { parseTransferHeader } = await import("../../core/transfer.ts");
  const chunks = (stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  let ended = false;
  const next = async (): Promise<Uint8Array | undefined> => {
    const result = await chunks.next();
    ended ||= result.done === true;
    return result.done === true ? undefined : result.value;
  };
  const first = await readLine(next);
  if (first === undefined) return undefined;
  const header = parseTransferHeader(first.line);
  if (header === undefined) throw garbage("Its header makes no sense.");
  return {
    header,
    content: contentOf(first.rest, next, header.size),
    ended: () => ended,
    close: async () => {
      await chunks.return?.();
    },
  };
}

async function readLine(
  next: () => Promise<Uint8Array | undefined>,
): Promise<{ line: string; rest: Uint8Array } | undefined> {
  let read = Buffer.alloc(0);
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    read = Buffer.concat([read, chunk]);
    const at = read.indexOf("\n");
    if (at > HEADER_LIMIT || (at === -1 && read.length > HEADER_LIMIT)) throw garbage("Its header has no end.");
    if (at !== -1) return { line: read.toString("utf8", 0, at), rest: read.subarray(at + 1) };
  }
  if (read.length === 0) return undefined;
  throw garbage("It ended within its header.");
}

async function* contentOf(
  rest: Uint8Array,
  next: () => Promise<Uint8Array | undefined>,
  size: number | undefined,
): AsyncGenerator<Uint8Array> {
  let left = size ?? Infinity;
  for (let chunk: Uint8Array | undefined = rest; chunk !== undefined; chunk = await next()) {
    left -= chunk.length;
    if (left < 0) throw garbage("It has more bytes than it announced.");
    if (chunk.length > 0) yield chunk;
  }
}

/** The error for a stream that no honest `send` writes. */
export function garbage(why: string): DevboxError {
  return new DevboxError("ENGINE_GARBAGE", "what came from the box is not a copy.", {
    why,
    next: ["Nothing of it was kept; does the image keep the contract? See docs/image-contract.md"],
  });
}
