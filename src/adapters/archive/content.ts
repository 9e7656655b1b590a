import { createHash } from "node:crypto";
import { passes } from "./garbage.ts";
import { TarCheck } from "./tar-check.ts";

/** Content that comes in pieces of any size, looked at as it passes: counted, summed, and followed as tar. */
export class Content {
  size = 0;
  readonly tar = new TarCheck();
  readonly #sum = createHash("sha256");
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer | undefined;

  constructor(pieces: AsyncIterable<Buffer>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** The next piece, of at most so many bytes; undefined when nothing follows. */
  async next(most: number): Promise<Buffer | undefined> {
    const piece = this.#held ?? (await this.#pull());
    if (piece === undefined) return undefined;
    const taken = piece.subarray(0, most);
    this.#held = piece.length > most ? piece.subarray(most) : undefined;
    this.size += taken.length;
    this.#sum.update(taken);
    this.tar.add(taken);
    passes(taken.length);
    return taken;
  }

  /** Whether something follows. */
  async more(): Promise<boolean> {
    this.#held ??= await this.#pull();
    return this.#held !== undefined;
  }

  /** Lets up to so many bytes pass. */
  async skip(bytes: number): Promise<void> {
    for (const end = this.size + bytes; this.size < end;) {
      if ((await this.next(end - this.size)) === undefined) return;
    }
  }

  /** SHA-256 of all that passed so far. */
  sum(): string {
    return this.#sum.copy().digest("hex");
  }

  /** Says to whoever gives it that no more is wanted. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #pull(): Promise<Buffer | undefined> {
    for (;;) {
      const result = await this.#pieces.next();
      if (result.done === true) return undefined;
      if (result.value.length > 0) return result.value;
    }
  }
}
