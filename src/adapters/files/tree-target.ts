import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { LocalTarget, Taken } from "../../ports/local-files.ts";
import { deliver } from "./deliver.ts";
import { onPath, tarError } from "./errors.ts";
import { TEMPORARY } from "./file-target.ts";
import type { Place } from "./locate.ts";
import { merge } from "./merge.ts";
import { removeByForce, unpackInto } from "./run.ts";
import { checkTree, closeDirectories, openDirectories } from "./tree.ts";

/** A directory unpacked into a private one beside its target (inside, when the target exists), checked, and moved. */
export function treeTarget(place: Place, mode: number): LocalTarget {
  let temporary: string | undefined;
  const treeOf = (directory: string) => path.join(directory, "tree");
  return {
    take: (content, signal) =>
      onPath(place.path, async () => {
        // mkdtemp makes it 0700: until it is checked nobody else can reach what is in it.
        temporary = await mkdtemp(path.join(place.exists ? place.path : path.dirname(place.path), TEMPORARY));
        await mkdir(treeOf(temporary));
        return await unpack(place.path, treeOf(temporary), content, signal);
      }),
    commit: () =>
      onPath(place.path, async () => {
        if (temporary === undefined) return;
        const tree = treeOf(temporary);
        const closed = await checkTree(tree);
        closed.set("", mode);
        if (!place.exists) {
          await rename(tree, place.path);
          await closeDirectories(place.path, closed);
          return;
        }
        const kept = await merge(tree, place.path);
        for (const directory of kept) closed.delete(directory);
        await closeDirectories(place.path, closed);
      }),
    discard: async () => {
      if (temporary !== undefined) await removeTree(temporary);
    },
  };
}

/** What a stream into tar breaks with when tar has ended. */
const TAR_LEFT = ["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE", "ERR_STREAM_DESTROYED"];

async function unpack(
  target: string,
  into: string,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Taken> {
  const tar = unpackInto(into);
  // It says nothing on standard output; left unread that would keep it from ending.
  tar.stdout.resume();
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  const failure = await deliver(content, counted, tar.stdin, signal).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const end = await tar.ended;
  // Only when tar gave up is the broken pipe its doing; otherwise the stream broke, and tar only noticed.
  const code = (failure?.error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (failure && !TAR_LEFT.includes(code)) throw failure.error;
  if (end.exitCode !== 0) throw tarError("unpacked", target, end.words);
  if (failure) throw failure.error;
  return { bytes, wanted: true };
}

async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch {
    // Directories that their owner may not enter, or names too long: both are a box's to make.
    await openDirectories(directory);
    await removeByForce(directory);
  }
}
