import { fstatSync, type Stats } from "node:fs";

/** Milliseconds in which whoever reads standard error takes what was written there. */
const TAKEN_AFTER = 30;

type Kind = Pick<Stats, "dev" | "ino" | "isFIFO" | "isSocket">;

/** Whether both are pipes, and not the same: whoever reads them cannot tell which was written to first. */
export function areApart(one: Kind, other: Kind): boolean {
  const isPipe = (kind: Kind) => kind.isFIFO() || kind.isSocket();
  return isPipe(one) && isPipe(other) && (one.ino !== other.ino || one.dev !== other.dev);
}

/**
 * Waits before something is said on standard output that belongs below what was said on standard error. An SSH server
 * has a pipe for each and takes what is in the first one first; at the other end both may be one stream again.
 */
export function keepOrder(): void {
  if (!areApart(fstatSync(process.stdout.fd), fstatSync(process.stderr.fd))) return;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TAKEN_AFTER);
}
