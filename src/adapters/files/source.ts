import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { LocalSource, Poured, PourOptions } from "../../ports/local-files.ts";
import { deliver } from "./deliver.ts";
import { localError, onPath, tarError } from "./errors.ts";
import { packDirectory } from "./run.ts";

const CHUNK = 64 * 1024;

/**
 * Bytes of an archive that are kept back until tar has said that all went well: its end mark and the padding after
 * it, at most one record of 10240 and a block before it. Without them the box throws the archive away.
 */
const HELD_BACK = 20_480;

/** A file or a directory named by the user; a link is followed. */
export function openSource(path: string): Promise<LocalSource> {
  return onPath(path, async () => {
    const facts = await stat(path);
    const mode = facts.mode & 0o777;
    if (facts.isDirectory()) {
      await access(path, constants.R_OK | constants.X_OK);
      return { kind: "directory", mode, pour: (into, options) => pourDirectory(path, into, options) };
    }
    if (!facts.isFile()) throw neither(path);
    await access(path, constants.R_OK);
    return {
      kind: "file",
      mode,
      pour: (into, options) => pourFile(path, createReadStream(path, { highWaterMark: CHUNK }), into, options),
    };
  });
}

export function standardInput(): LocalSource {
  return {
    kind: "file",
    mode: undefined,
    pour: (into, options) => pourFile("-", process.stdin, into, options),
  };
}

function neither(path: string): DevboxError {
  return new DevboxError("NOT_PERMITTED", `${quote(path)} is neither a file nor a directory.`, {
    next: ["What it gives can be copied as a stream: devbox-ctl cp - NAME:PATH < FILE"],
  });
}

async function pourFile(
  path: string,
  from: Readable,
  into: NodeJS.WritableStream,
  options: PourOptions,
): Promise<Poured> {
  let bytes = 0;
  const content = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      options.onBytes(bytes);
      yield chunk;
    }
    yield Buffer.from(options.mark);
  };
  try {
    await deliver(from, content, into, options.signal);
  } catch (error) {
    throw from.errored === error ? localError(error, path) : error;
  }
  return { bytes, remarks: [] };
}

async function pourDirectory(path: string, into: NodeJS.WritableStream, options: PourOptions): Promise<Poured> {
  const tar = packDirectory(path);
  let bytes = 0;
  let remarks: string[] = [];
  const content = async function* (chunks: AsyncIterable<Uint8Array>) {
    const held: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      options.onBytes(bytes);
      held.push(chunk);
      size += chunk.length;
      for (let first = held[0]; first && size - first.length >= HELD_BACK; first = held[0]) {
        size -= first.length;
        held.shift();
        yield first;
      }
    }
    const end = await tar.ended;
    // 1 is "a file changed while it was read": ordinary where people work.
    if (end.exitCode > 1) throw tarError("read", path, end.words);
    remarks = end.words === "" ? [] : end.words.split("\n");
    yield* held;
  };
  try {
    await deliver(tar.stdout, content, into, options.signal);
  } finally {
    tar.kill();
  }
  return { bytes, remarks };
}
