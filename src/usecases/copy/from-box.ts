import { DevboxError } from "../../core/errors.ts";
import { entryName, HOME } from "../../core/home-path.ts";
import { quote } from "../../core/text.ts";
import type { TransferHeader } from "../../core/transfer.ts";
import type { BoxPlace, Transfer } from "../../ports/box-transfers.ts";
import type { LocalTarget } from "../../ports/local-files.ts";
import type { CopyParts, CopyResult, HereSide } from "../copy.ts";
import { type Announced, garbage, readAnnounced } from "./announced.ts";
import { throwIfInterrupted } from "./failure.ts";
import { watchBytes } from "./watch.ts";

type Copied = Pick<CopyResult, "kind" | "bytes" | "remarks">;

/** Copies a file or a directory out of a box, to a local path or to standard output. */
export async function copyFromBox(deps: CopyParts, place: BoxPlace, to: HereSide): Promise<Copied> {
  throwIfInterrupted(deps);
  const transfer = await deps.transfers.send(place);
  deps.progress.begin("Copied");
  const stop = () => {
    transfer.kill();
  };
  deps.interrupt.addEventListener("abort", stop, { once: true });
  let announced: Announced | undefined;
  try {
    announced = await readAnnounced(transfer.stdout);
    if (announced === undefined) throw (await transfer.ended) ?? garbage("Nothing came at all.");
    const target = await openTarget(deps, place, to, announced.header);
    return await takeIn(deps, { target, transfer, announced });
  } catch (error) {
    // Whatever broke then broke because we stopped.
    throwIfInterrupted(deps);
    throw error;
  } finally {
    deps.interrupt.removeEventListener("abort", stop);
    stop();
    await announced?.close();
  }
}

interface Taking {
  readonly target: LocalTarget;
  readonly transfer: Transfer;
  readonly announced: Announced;
}

async function takeIn(deps: CopyParts, { target, transfer, announced }: Taking): Promise<Copied> {
  const { header } = announced;
  try {
    const taken = await target.take(counted(deps, announced.content), deps.interrupt);
    if (taken.wanted) {
      const failure = await transfer.ended;
      if (failure !== undefined) throw failure;
      if (header.size !== undefined && taken.bytes !== header.size) throw garbage("It has fewer bytes than announced.");
      await target.commit();
    }
    deps.progress.done();
    return { kind: header.kind, bytes: taken.bytes, remarks: [] };
  } catch (error) {
    // When the stream ended by itself, how its sender ended is the reason, and what was made of half of it is not.
    throw (announced.ended() ? await transfer.ended : undefined) ?? error;
  } finally {
    await target.discard();
  }
}

async function openTarget(
  deps: CopyParts,
  place: BoxPlace,
  to: HereSide,
  header: TransferHeader,
): Promise<LocalTarget> {
  const { kind, mode } = header;
  if (kind === "file" && place.path.endsWith("/")) {
    throw new DevboxError("WRONG_STATE", `${quote(place.typed)} in ${place.name} is a file, not a directory.`, {
      next: ["Leave out the slash at its end"],
    });
  }
  if (to.kind === "local") return await deps.files.target(to.path, { kind, mode, name: targetName(place) });
  if (kind === "file") return deps.files.standardOutput();
  throw new DevboxError("WRONG_STATE", `${quote(place.typed)} in ${place.name} is a directory.`, {
    why: "Standard output takes a file.",
    next: [`As an archive: devbox-ctl exec ${place.name} -- tar -C ${HOME} -c PATH`],
  });
}

/** The name is the user's, not the one that the box announced. The home itself can be typed as nothing at all. */
function targetName(place: BoxPlace): string | undefined {
  return entryName(place.typed === "" || place.typed === "~" ? HOME : place.typed);
}

async function* counted(deps: CopyParts, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const tell = watchBytes(deps);
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    tell(bytes);
    yield chunk;
  }
}
