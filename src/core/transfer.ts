import { z } from "zod";

/**
 * What `send` says in one line of JSON before the bytes (docs/image-contract.md). A box may have been made to say
 * anything, so every field has bounds.
 */
const transferHeader = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("file"),
    /** Bytes that follow. */
    size: z.int().min(0),
    mode: z.stringFormat("mode", /^[0-7]{4}$/),
    name: z.string().max(1024),
  }),
  z.object({
    kind: z.literal("directory"),
    size: z.null(),
    mode: z.stringFormat("mode", /^[0-7]{4}$/),
    name: z.string().max(1024),
  }),
]);

export interface TransferHeader {
  readonly kind: "file" | "directory";
  /** Bytes that follow; undefined for a directory, whose archive has its own end. */
  readonly size: number | undefined;
  /** Permission bits, special ones taken off. */
  readonly mode: number;
}

/**
 * Reads the header line. The name in it is left out: under which name a copy is kept is the caller's to say and
 * never the box's.
 * @returns undefined when it is none
 */
export function parseTransferHeader(line: string): TransferHeader | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { success, data } = transferHeader.safeParse(json);
  if (!success) return undefined;
  return { kind: data.kind, size: data.size ?? undefined, mode: Number.parseInt(data.mode, 8) & 0o777 };
}
