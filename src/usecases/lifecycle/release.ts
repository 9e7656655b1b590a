import type { BoxRecord } from "../../core/box.ts";
import type { Hold } from "../../core/lifecycle/facts.ts";
import type { HoldRecord } from "../../core/lifecycle/records.ts";
import { findBox } from "../access.ts";
import type { Deps } from "../deps.ts";
import { observe } from "./observe.ts";
import { lastingOn } from "./settle-holds.ts";

export interface ReleaseResult {
  readonly box: BoxRecord;
  /** What was taken back; of a command's the command goes on. */
  readonly released: readonly HoldRecord[];
  /** By a file in the box, which only those in the box can take away. */
  readonly left: Hold | undefined;
}

/**
 * Takes back all holds of a box.
 * @throws {DevboxError} BOX_NOT_FOUND
 */
export async function release(deps: Deps, { name }: { readonly name: string }): Promise<ReleaseResult> {
  const box = findBox(deps, name);
  const now = deps.clock.now();
  const released = lastingOn(deps, box.id, now);
  for (const { id } of released) deps.ledger.endHold(id, now);
  return { box, released, left: await heldByFile(deps, box) };
}

/** What holds a running box by itself; nothing is known of one that does not answer. */
async function heldByFile(deps: Deps, box: BoxRecord): Promise<Hold | undefined> {
  const { containerId } = box;
  if (containerId === undefined || !deps.engine.looksRunning(containerId)) return undefined;
  return (await observe(deps, [{ box, containerId }], { write: false })).get(box.id)?.hold;
}
