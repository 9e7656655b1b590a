import { DevboxError } from "../../core/errors.ts";
import { HOME, outsideHome } from "../../core/home-path.ts";
import { quote } from "../../core/text.ts";
import type { Deps } from "../deps.ts";
import { throwUnlessRunning } from "../session.ts";
import type { BoxPlace } from "../../ports/box-transfers.ts";

/** How a program in the box ended. */
export interface BoxEnd {
  readonly exitCode: number;
  readonly stderr: string;
}

/**
 * The error for what `send` or `receive` ended with; their codes are in docs/image-contract.md. Any other code may
 * be Podman's own, so the box is looked at first.
 * @throws {DevboxError} WRONG_STATE, CONTAINER_GONE
 */
export async function boxFailure(
  deps: Pick<Deps, "engine">,
  place: BoxPlace & { readonly containerId: string },
  end: BoxEnd,
): Promise<DevboxError> {
  const path = quote(place.typed);
  const why = end.stderr;
  switch (end.exitCode) {
    case 2:
      return new DevboxError("INVALID_PATH", `${path} is not a path in ${place.name}.`, { why });
    case 3:
      return outsideHome(place.typed);
    case 4:
      return new DevboxError("NO_SUCH_FILE", `there is no ${path} in ${place.name}.`, {
        why,
        next: [`Paths start at ${HOME}; look around: devbox-ctl exec ${place.name} -- ls -la`],
      });
    case 5:
      return new DevboxError("NOT_PERMITTED", `not all of ${path} in ${place.name} can be copied.`, {
        why,
        next: ["dev has to have the right to it, and only files, directories and links can be copied"],
      });
    case 6:
      return new DevboxError("HOST_DISK", `there is no space left in the home of ${place.name}.`, {
        why,
        next: [`Free some: devbox-ctl exec ${place.name} -- du -sh ${HOME}/*`],
      });
    case 7:
      return new DevboxError("WRONG_STATE", `${path} in ${place.name} exists and is of another kind.`, {
        why,
        next: ["A copy replaces files by files and adds to directories; name another target"],
      });
    default:
      await throwUnlessRunning(deps, place.name, place.containerId);
      return new DevboxError("ENGINE_FAILED", "the copy broke off.", {
        why: why || `exit code ${String(end.exitCode)}`,
        next: ["Nothing half is left; run it again", `devbox-ctl status ${place.name}`],
      });
  }
}

/** @throws {DevboxError} INTERRUPTED */
export function throwIfInterrupted(deps: Pick<Deps, "interrupt">): void {
  if (deps.interrupt.aborted) {
    throw new DevboxError("INTERRUPTED", "interrupted.", { why: "The target is as it was before." });
  }
}
