const BLOCK = 512;
const NEWLINE = 10;
/** Most bytes of a page of extended attributes that is looked at; file systems let a file have far less. */
const MOST_EXTENDED = 16 * 1024 * 1024;

/** Kinds of records that say something of the next entry, and are none themselves. */
const ABOUT_NEXT = new Set(["x", "g", "L", "K"]);

/** Follows a tar archive as it passes by: whether its records are sound, and whether it ends where it should. */
export class TarCheck {
  /** Files, directories and whatever else passed by. */
  entries = 0;
  readonly #header = Buffer.alloc(BLOCK);
  #filled = 0;
  /** Bytes until the next record. */
  #rest = 0;
  #zeros = 0;
  #problem: string | undefined;
  #extended: Buffer[] | undefined;
  /** What an extended header says of the next entry's size, which may be too large for the entry's own. */
  #size: number | undefined;

  add(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && this.#problem === undefined;) {
      if (this.#rest > 0) {
        const length = Math.min(this.#rest, chunk.length - at);
        this.#extended?.push(Buffer.from(chunk.subarray(at, at + length)));
        this.#rest -= length;
        at += length;
        if (this.#rest === 0) this.#endExtended();
      } else {
        const length = Math.min(BLOCK - this.#filled, chunk.length - at);
        chunk.copy(this.#header, this.#filled, at, at + length);
        this.#filled += length;
        at += length;
        if (this.#filled === BLOCK) this.#record();
      }
    }
  }

  /** What is wrong with it, now that it is over. */
  problem(): string | undefined {
    if (this.#problem !== undefined) return this.#problem;
    return this.#zeros >= 2 && this.#rest === 0 && this.#filled === 0 ? undefined : "it has no end";
  }

  #record(): void {
    this.#filled = 0;
    if (this.#header.every((byte) => byte === 0)) {
      this.#zeros += 1;
      return;
    }
    const type = String.fromCharCode(this.#header[156] ?? 0);
    const size = this.#sizeOf(type);
    if (this.#zeros > 0 || size === undefined || !this.#isSound()) {
      this.#problem = this.#zeros > 0 ? "something follows its end" : `record ${String(this.entries + 1)} is none`;
      return;
    }
    if (!ABOUT_NEXT.has(type)) this.entries += 1;
    this.#rest = Math.ceil(size / BLOCK) * BLOCK;
    if (type !== "x") return;
    if (size > MOST_EXTENDED) {
      this.#problem = "it says too much of one file";
      return;
    }
    this.#extended = [];
    if (this.#rest === 0) this.#endExtended();
  }

  /** The sum of a record's bytes, its own sum counted as blanks. */
  #isSound(): boolean {
    let sum = 8 * 32;
    for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += this.#header[at] ?? 0;
    return sum === octal(this.#header.subarray(148, 156));
  }

  #sizeOf(type: string): number | undefined {
    const own = numberIn(this.#header.subarray(124, 136));
    if (ABOUT_NEXT.has(type)) return own;
    const size = this.#size ?? own;
    this.#size = undefined;
    return size;
  }

  /** `LENGTH KEY=VALUE\n`, one after the other. */
  #endExtended(): void {
    if (this.#extended === undefined) return;
    const page = Buffer.concat(this.#extended);
    this.#extended = undefined;
    for (let at = 0; at < page.length && page[at] !== 0;) {
      const blank = page.indexOf(" ", at);
      const length = blank === -1 ? 0 : Number(page.toString("latin1", at, blank));
      if (!Number.isSafeInteger(length) || length <= 0 || page[at + length - 1] !== NEWLINE) {
        this.#problem = "what it says of a file cannot be read";
        return;
      }
      const [, size] = /^size=(\d{1,15})$/.exec(page.toString("latin1", blank + 1, at + length - 1)) ?? [];
      if (size !== undefined) this.#size = Number(size);
      at += length;
    }
  }
}

/** A number in a record: octal digits, or for what is larger the bytes themselves behind a set bit. */
function numberIn(field: Buffer): number | undefined {
  if (((field[0] ?? 0) & 0x80) === 0) return octal(field);
  const large = field.subarray(-7).reduce((sum, byte) => sum * 256 + byte, 0);
  return Number.isSafeInteger(large) ? large : undefined;
}

function octal(field: Buffer): number | undefined {
  const text = field.toString("latin1").replaceAll("\0", " ").trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text === "" ? "0" : text, 8) : undefined;
}
