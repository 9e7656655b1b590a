/** What is to be in an archive: names and bytes. */
export type TarEntries = readonly (readonly [name: string, data: Buffer | string])[];

const BLOCK = 512;

/** One record of tar. */
export function tarRecord(name: string, size: number, { type = "0", mode = "0000644" } = {}): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(`${mode}\0`, 100);
  header.write("0001750\0", 108);
  header.write("0001750\0", 116);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("14000000000\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Data in whole blocks. */
export function tarData(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

/** An archive as GNU tar would write it, with its end. */
export function tarOf(entries: TarEntries): Buffer {
  const records = entries.flatMap(([name, data]) => [tarRecord(name, Buffer.from(data).length), tarData(data)]);
  const all = Buffer.concat(records);
  return Buffer.concat([all, Buffer.alloc(10_240 - (all.length % 10_240) + (all.length % 10_240 > 9216 ? 10_240 : 0))]);
}

/** Bytes in pieces as they come from a pipe; `fail` ends it with an error after so many bytes. */
export async function* inPieces(
  bytes: Buffer,
  { piece = 1000, fail = Number.POSITIVE_INFINITY } = {},
): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += piece) {
    await Promise.resolve();
    if (at >= fail) throw new Error("cut off");
    yield bytes.subarray(at, at + piece);
  }
}
