import { parseTransferWords } from "../core/gate/transfer-words.ts";
import { DevboxError } from "../core/errors.ts";
import type { Transfer } from "../ports/box-transfers.ts";
import { type CopyDeps, placeOf } from "./copy.ts";
import { throwIfInterrupted } from "./copy/failure.ts";
import { engineTransfers } from "./copy/transfers.ts";

/**
 * The box's side of a copy whose other side is a caller's own process: its standard streams are the bytes as they are,
 * and the files are read and written over there, with the caller's rights.
 * @throws {DevboxError} USAGE, INVALID_PATH, BOX_NOT_FOUND, NO_SUCH_FILE, NOT_PERMITTED, WRONG_STATE, CONTAINER_GONE,
 * HOST_DISK, ENGINE_FAILED, INTERRUPTED
 */
export async function transfer(deps: CopyDeps, words: readonly string[]): Promise<void> {
  const { box, path, receive } = parseTransferWords(words);
  const place = placeOf({ box, path });
  const transfers = engineTransfers(deps);
  const begun = await (receive === undefined ? transfers.send(place) : transfers.receive(place, receive));
  const stop = () => {
    begun.kill();
  };
  deps.interrupt.addEventListener("abort", stop, { once: true });
  try {
    await (receive === undefined ? send(deps, begun) : take(deps, begun));
  } finally {
    deps.interrupt.removeEventListener("abort", stop);
  }
}

async function send(deps: CopyDeps, begun: Transfer): Promise<void> {
  const content = begun.stdout as AsyncIterable<Uint8Array>;
  const sent = await deps.files
    .standardOutput()
    .take(content, deps.interrupt)
    .catch((error: unknown) => ({ error, wanted: false }));
  // Who has seen enough has gone away.
  if (!sent.wanted) begun.kill();
  const failure = await begun.ended;
  throwIfInterrupted(deps);
  if ("error" in sent) throw failure ?? sent.error;
  if (failure !== undefined && sent.wanted) throw failure;
}

async function take(deps: CopyDeps, begun: Transfer): Promise<void> {
  const over = new AbortController();
  const ended = begun.ended.finally(() => {
    over.abort();
  });
  const signal = AbortSignal.any([deps.interrupt, over.signal]);
  // The mark is the caller's to send; what ends without it the box throws away.
  const poured = await deps.files
    .standardInput()
    .pour(begun.stdin, { mark: "", signal, onBytes: begun.onBytes })
    .catch((error: unknown) => ({ error }));
  const failed = "error" in poured ? poured.error : undefined;
  if (failed instanceof DevboxError) begun.kill();
  const failure = await ended;
  if (failed instanceof DevboxError) throw failed;
  throwIfInterrupted(deps);
  if (failure !== undefined) throw failure;
  if ("error" in poured) throw poured.error;
}
