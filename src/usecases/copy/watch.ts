import { formatSize } from "../../core/size.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

/** How often a long copy says how far it is. */
const EVERY = 5 * SECOND;

/** Tells the progress of a copy, now and then. */
export function watchBytes(deps: Pick<Deps, "clock" | "progress">): (bytes: number) => void {
  let told = deps.clock.monotonic();
  return (bytes) => {
    const now = deps.clock.monotonic();
    if (now - told < EVERY) return;
    told = now;
    deps.progress.begin(`Copied ${formatSize(bytes)}`);
  };
}
