import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { LocalTarget } from "../../ports/local-files.ts";
import { onPath } from "./errors.ts";
import type { Place } from "./locate.ts";

/** Begins the names of what is not complete yet. */
export const TEMPORARY = ".devbox-ctl-";

const CHUNK = 64 * 1024;

/** A file written beside its target, and renamed when it is complete. */
export function fileTarget(place: Place, mode: number): LocalTarget {
  const temporary = path.join(path.dirname(place.path), `${TEMPORARY}${randomBytes(8).toString("hex")}`);
  return {
    take: (content, signal) =>
      onPath(place.path, async () => {
        const file = await open(temporary, "wx", 0o600);
        const stream = file.createWriteStream({ highWaterMark: CHUNK });
        await pipeline(content, stream, { signal });
        return { bytes: stream.bytesWritten, wanted: true };
      }),
    commit: () =>
      onPath(place.path, async () => {
        await using file = await open(temporary, "r");
        await file.chmod(mode);
        // Or a power failure could leave the new name with nothing behind it.
        await file.sync();
        await rename(temporary, place.path);
      }),
    discard: () => rm(temporary, { force: true }),
  };
}

/** Our own standard output. What was written cannot be taken back. */
export function standardOutput(): LocalTarget {
  return {
    take: async (content, signal) => {
      let bytes = 0;
      const counted = async function* () {
        for await (const chunk of content) {
          bytes += chunk.length;
          yield chunk;
        }
      };
      try {
        await pipeline(counted, process.stdout, { signal, end: false });
        return { bytes, wanted: true };
      } catch (error) {
        // `cp box:file - | head`: who has read enough goes away.
        if ((error as NodeJS.ErrnoException).code === "EPIPE") return { bytes, wanted: false };
        throw error;
      }
    },
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}
