import { DevboxError } from "../../core/errors.ts";
import { entryName } from "../../core/home-path.ts";
import type { BoxPlace } from "../../ports/box-transfers.ts";
import type { CopyParts, CopyResult, HereSide } from "../copy.ts";
import { throwIfInterrupted } from "./failure.ts";
import { watchBytes } from "./watch.ts";

type Copied = Pick<CopyResult, "kind" | "bytes" | "remarks">;

/** Copies a local file, directory or standard input into a box. */
export async function copyToBox(deps: CopyParts, from: HereSide, place: BoxPlace): Promise<Copied> {
  const source = from.kind === "stream" ? deps.files.standardInput() : await deps.files.source(from.path);
  const name = from.kind === "stream" ? undefined : entryName(from.path);
  const mark = deps.host.newId(32);
  throwIfInterrupted(deps);
  const { kind, mode } = source;
  const transfer = await deps.transfers.receive(place, { kind, mode, name, mark });
  deps.progress.begin("Copied");
  // Whichever side ends first: waiting for standard input is no use when nobody takes it.
  const over = new AbortController();
  const ended = transfer.ended.finally(() => {
    over.abort();
  });
  const stop = () => {
    transfer.kill();
  };
  deps.interrupt.addEventListener("abort", stop, { once: true });
  try {
    const signal = AbortSignal.any([deps.interrupt, over.signal]);
    const tell = watchBytes(deps);
    const onBytes = (bytes: number) => {
      tell(bytes);
      transfer.onBytes(bytes);
    };
    const poured = await source.pour(transfer.stdin, { mark, signal, onBytes }).catch((error: unknown) => ({ error }));
    // A source that failed has not sent its mark, so the box throws away what came.
    if ("error" in poured && poured.error instanceof DevboxError) stop();
    const failure = await ended;
    if ("error" in poured || failure !== undefined) throw whyNot(deps, poured, failure);
    for (const remark of poured.remarks) deps.progress.remark(remark);
    deps.progress.done();
    return { kind, ...poured };
  } finally {
    deps.interrupt.removeEventListener("abort", stop);
  }
}

/** Of two sides that failed, the one that failed first: the other only noticed. */
function whyNot(deps: CopyParts, poured: object, failure: Error | undefined): unknown {
  const error: unknown = "error" in poured ? poured.error : undefined;
  if (error instanceof DevboxError) return error;
  throwIfInterrupted(deps);
  return failure ?? error;
}
