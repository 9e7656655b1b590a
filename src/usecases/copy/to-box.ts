import { DevboxError } from "../../core/errors.ts";
import { entryName } from "../../core/home-path.ts";
import { IMAGE } from "../../core/image-contract.ts";
import type { LocalSource } from "../../ports/local-files.ts";
import type { BoxPlace, CopyDeps, CopyResult, HereSide } from "../copy.ts";
import { type BoxEnd, boxFailure, throwIfInterrupted } from "./failure.ts";
import { watchBytes } from "./watch.ts";

type Copied = Pick<CopyResult, "kind" | "bytes" | "remarks">;

/** Copies a local file, directory or standard input into a box. */
export async function copyToBox(deps: CopyDeps, from: HereSide, place: BoxPlace): Promise<Copied> {
  const source = from.kind === "stream" ? deps.files.standardInput() : await deps.files.source(from.path);
  const name = from.kind === "stream" ? undefined : entryName(from.path);
  // Follows the last byte: without it the box cannot tell an end from a sender that was killed.
  const mark = deps.host.newId(32);
  throwIfInterrupted(deps);
  deps.progress.begin("Copied");
  const pipe = deps.engine.pipe(place.containerId, receiveArguments(source, name, mark, place.path));
  // Whichever side ends first: waiting for standard input is no use when nobody takes it.
  const over = new AbortController();
  const ended = pipe.ended.finally(() => {
    over.abort();
  });
  const stop = () => {
    pipe.kill();
  };
  deps.interrupt.addEventListener("abort", stop, { once: true });
  try {
    const signal = AbortSignal.any([deps.interrupt, over.signal]);
    const options = { mark, signal, onBytes: watchBytes(deps) };
    const poured = await source.pour(pipe.stdin, options).catch((error: unknown) => ({ error }));
    // A source that failed has not sent its mark, so the box throws away what came.
    if ("error" in poured && poured.error instanceof DevboxError) stop();
    const end = await ended;
    if ("error" in poured || end.exitCode !== 0) throw await whyNot(deps, place, poured, end);
    for (const remark of poured.remarks) deps.progress.remark(remark);
    deps.progress.done();
    return { kind: source.kind, ...poured };
  } finally {
    deps.interrupt.removeEventListener("abort", stop);
  }
}

/** Of two sides that failed, the one that failed first: the other only noticed. */
async function whyNot(deps: CopyDeps, place: BoxPlace, poured: object, end: BoxEnd): Promise<unknown> {
  const error: unknown = "error" in poured ? poured.error : undefined;
  if (error instanceof DevboxError) return error;
  throwIfInterrupted(deps);
  return end.exitCode === 0 ? error : await boxFailure(deps, place, end);
}

function receiveArguments(source: LocalSource, name: string | undefined, mark: string, path: string): string[] {
  const mode = source.mode?.toString(8).padStart(4, "0");
  return [
    IMAGE.programs.receive,
    ...(source.kind === "directory" ? ["--tar"] : ["--file", "--end", mark]),
    ...(source.kind === "directory" || mode === undefined ? [] : ["--mode", mode]),
    ...(name === undefined ? [] : ["--name", name]),
    "--",
    path,
  ];
}
