import { DevboxError } from "../../core/errors.ts";
import { entryName, HOME } from "../../core/home-path.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { quote } from "../../core/text.ts";
import type { TransferHeader } from "../../core/transfer.ts";
import type { BoxPipe } from "../../ports/engine.ts";
import type { LocalTarget } from "../../ports/local-files.ts";
import type { BoxPlace, CopyDeps, CopyResult, HereSide } from "../copy.ts";
import { type Announced, garbage, readAnnounced } from "./announced.ts";
import { boxFailure, throwIfInterrupted } from "./failure.ts";
import { watchBytes } from "./watch.ts";

type Copied = Pick<CopyResult, "kind" | "bytes" | "remarks">;

/** Copies a file or a directory out of a box, to a local path or to standard output. */
export async function copyFromBox(deps: CopyDeps, place: BoxPlace, to: HereSide): Promise<Copied> {
  throwIfInterrupted(deps);
  deps.progress.begin("Copied");
  const pipe = deps.engine.pipe(place.containerId, [IMAGE.programs.send, "--", place.path]);
  const stop = () => {
    pipe.kill();
  };
  deps.interrupt.addEventListener("abort", stop, { once: true });
  let announced: Announced | undefined;
  try {
    announced = await readAnnounced(pipe.stdout);
    if (announced === undefined) throw await nothingCame(deps, place, pipe);
    const target = await openTarget(deps, place, to, announced.header);
    return await takeIn(deps, place, { target, pipe, announced });
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

async function nothingCame(deps: CopyDeps, place: BoxPlace, pipe: BoxPipe): Promise<DevboxError> {
  const end = await pipe.ended;
  return end.exitCode === 0 ? garbage("Nothing came at all.") : await boxFailure(deps, place, end);
}

interface Transfer {
  readonly target: LocalTarget;
  readonly pipe: BoxPipe;
  readonly announced: Announced;
}

async function takeIn(deps: CopyDeps, place: BoxPlace, { target, pipe, announced }: Transfer): Promise<Copied> {
  const { header } = announced;
  try {
    const taken = await target.take(counted(deps, announced.content), deps.interrupt);
    if (taken.wanted) {
      const end = await pipe.ended;
      if (end.exitCode !== 0) throw await boxFailure(deps, place, end);
      if (header.size !== undefined && taken.bytes !== header.size) throw garbage("It has fewer bytes than announced.");
      await target.commit();
    }
    deps.progress.done();
    return { kind: header.kind, bytes: taken.bytes, remarks: [] };
  } catch (error) {
    // When the stream ended by itself, how its sender ended is the reason, and what was made of half of it is not.
    const end = announced.ended() ? await pipe.ended : undefined;
    throw end && end.exitCode !== 0 ? await boxFailure(deps, place, end) : error;
  } finally {
    await target.discard();
  }
}

async function openTarget(deps: CopyDeps, place: BoxPlace, to: HereSide, header: TransferHeader): Promise<LocalTarget> {
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

async function* counted(deps: CopyDeps, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const tell = watchBytes(deps);
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    tell(bytes);
    yield chunk;
  }
}
