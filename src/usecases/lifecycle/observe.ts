import type { BoxRecord } from "../../core/box.ts";
import type { Seen } from "../../core/lifecycle/activity.ts";
import type { Deps } from "../deps.ts";

/** A box that runs, and the container it runs as. */
export interface RunningBox {
  readonly box: BoxRecord;
  readonly containerId: string;
}

/**
 * Looks at running boxes, some at a time. Never throws because of a box: one that does not answer is `failed`.
 * @param options with `write`, what is seen is kept: last activity, and what the next look is compared with
 */
export async function observe(
  deps: Deps,
  running: readonly RunningBox[],
  options: { readonly write: boolean },
): Promise<ReadonlyMap<string, Seen>> {
  await Promise.resolve();
  return new Map(running.map(({ box }) => [box.id, { observation: "failed", inUse: undefined, hold: undefined }]));
}
