import type { LogRequest } from "../ports/engine.ts";
import { containerGone, findBox, usableContainer } from "./access.ts";
import type { Deps } from "./deps.ts";

/**
 * Copies a box's log to standard output.
 * @returns the exit code of the engine's client
 * @throws {DevboxError} BOX_NOT_FOUND, CONTAINER_GONE
 */
export async function logs(deps: Deps, input: LogRequest & { readonly name: string }): Promise<number> {
  const containerId = usableContainer(findBox(deps, input.name));
  const exitCode = await deps.engine.logs(containerId, input);
  if (exitCode !== 0 && (await deps.engine.inspect(containerId)) === undefined) throw containerGone(input.name);
  return exitCode;
}
