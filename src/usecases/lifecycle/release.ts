import type { BoxRecord } from "../../core/box.ts";
import type { Signal } from "../../core/lifecycle/activity.ts";
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
  /** By files in the box, which only those in the box can take away; with what says so. */
  readonly left: { readonly hold: Hold; readonly words: readonly string[] } | undefined;
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
  return { box, released, left: await heldByFiles(deps, box) };
}

/** What holds a running box by itself; nothing is known of one that does not answer. */
async function heldByFiles(deps: Deps, box: BoxRecord): Promise<ReleaseResult["left"]> {
  const { containerId } = box;
  if (containerId === undefined || !deps.engine.looksRunning(containerId)) return undefined;
  const seen = (await observe(deps, [{ box, containerId }], { write: false })).get(box.id);
  if (seen?.hold === undefined) return undefined;
  const said = (seen.signals ?? []).filter(({ kind }: Signal) => kind === "hold").map(({ words }) => words);
  return { hold: seen.hold, words: said };
}
