import type { BoxRecord } from "../core/box.ts";
import { findBox, noSuchBox } from "./access.ts";
import type { Deps } from "./deps.ts";
import { recoverBox } from "./recover.ts";

/** What is asked for under a lease, as whoever comes second will read it. */
export function leaseRequest(deps: Deps, command: string) {
  return { holder: deps.host.self(), command, caller: deps.caller, now: deps.clock.now() };
}

/**
 * Does something to a box of the caller's that nobody else may do at the same time.
 * What a killed command left is finished or undone first.
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, and whatever `act` throws
 */
export async function withLease<T>(
  deps: Deps,
  name: string,
  verb: string,
  act: (box: BoxRecord) => Promise<T>,
): Promise<T> {
  const found = findBox(deps, name);
  deps.ledger.takeLease(found.id, leaseRequest(deps, `${verb} ${name}`));
  try {
    await recoverBox(deps, found.id);
    // Read again under the lease: it may have changed, or its creation was taken back just now.
    const box = deps.ledger.boxById(found.id);
    if (box === undefined) throw noSuchBox(deps, name);
    return await act(box);
  } finally {
    deps.ledger.releaseLease(found.id, deps.host.self());
  }
}
