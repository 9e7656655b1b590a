import { DevboxError } from "../core/errors.ts";

/** Most bytes that are taken as text: fifty of the longest keys. */
const MOST = 256 * 1024;

/**
 * All of standard input, as text.
 * @throws {DevboxError} USAGE when it is more than any text that is asked for this way
 */
export async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST) {
      throw new DevboxError("USAGE", `standard input has more than ${String(MOST / 1024)} KiB.`, {
        next: ["Give what is asked for alone"],
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
