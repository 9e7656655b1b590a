import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

type Chunks = AsyncIterable<Uint8Array>;

/**
 * Carries chunks into a program's standard input, at the speed at which it takes them. A program may end before Node
 * has seen its input close; once everything is handed over, its exit code alone tells whether it took it.
 * @throws what broke before that: the source's error, or a broken pipe
 */
export async function deliver(
  from: Readable | Chunks,
  change: (chunks: Chunks) => Chunks,
  into: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<void> {
  const state = { handedOver: false };
  const content = async function* (chunks: Chunks) {
    yield* change(chunks);
    state.handedOver = true;
  };
  try {
    await pipeline(from, content, into, { signal });
  } catch (error) {
    if (!state.handedOver) throw error;
  }
}
