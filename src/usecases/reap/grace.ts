import { IMAGE } from "../../core/image-contract.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { tellInBox } from "../notices/announce.ts";

/** How much longer than it was given the program may take to answer; milliseconds. */
const PATIENCE = 10 * SECOND;

/**
 * Tells those in a box that it is going to be stopped, and gives what runs there time to save its work.
 * Never fails: a box that does not answer is stopped all the same, and asked to end by that.
 * @param text what is shown at its terminals
 */
export async function graceIn(
  deps: Pick<Deps, "engine" | "config">,
  { boxId, containerId }: { readonly boxId: string; readonly containerId: string },
  text: string,
): Promise<void> {
  await tellInBox(deps, containerId, text);
  const seconds = Math.ceil(deps.config.lifecycle.grace / SECOND);
  if (seconds <= 0) return;
  const argv = [IMAGE.programs.endWork, String(seconds)];
  const timeout = seconds * SECOND + PATIENCE;
  await deps.engine.runProgram(containerId, { argv, user: "root", timeout, token: boxId }).catch(() => undefined);
}
