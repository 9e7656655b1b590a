import { IMAGE } from "../core/image-contract.ts";
import { type BoxService, readServices } from "../core/services.ts";
import { DevboxError, hasCode } from "../core/errors.ts";
import { printableLines, quote } from "../core/text.ts";
import { SECOND } from "../core/time.ts";
import { findBox, usableContainer } from "./access.ts";
import type { Deps } from "./deps.ts";
import { throwUnlessRunning } from "./session.ts";

/** Milliseconds that a box has to answer; a box at its limits is slow, and asking must not wait for it. */
const ANSWER_LIMIT = 10 * SECOND;

/**
 * How the services of a running box are.
 * @returns undefined when it does not say: it is stopping, out of processes, or of an older image
 */
export async function servicesOf(
  deps: Pick<Deps, "engine">,
  containerId: string,
): Promise<readonly BoxService[] | undefined> {
  const argv = [IMAGE.programs.services, "list"];
  try {
    const run = { argv, user: "root", timeout: ANSWER_LIMIT } as const;
    const { exitCode, stdout } = await deps.engine.runProgram(containerId, run);
    return exitCode === 0 ? readServices(stdout) : undefined;
  } catch (error) {
    // What a box says must not keep anybody from learning the rest.
    if (hasCode(error, "ENGINE_TIMEOUT", "ENGINE_GARBAGE")) return undefined;
    throw error;
  }
}

/** Lines of a service's log that are shown to who does not say how many. */
const LOG_LINES = 50;

/**
 * What one service said last; the box's own log has all of them in turn.
 * @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE when the box does not run, SERVICE_NOT_FOUND
 */
export async function serviceLog(
  deps: Deps,
  input: { readonly name: string; readonly service: string; readonly tail: number | undefined },
): Promise<string> {
  const containerId = usableContainer(findBox(deps, input.name));
  const argv = [IMAGE.programs.services, "log", input.service, String(input.tail ?? LOG_LINES)];
  const { exitCode, stdout, stderr } = await deps.engine.runProgram(containerId, { argv, user: "root" });
  if (exitCode === 0) return printableLines(stdout);
  await throwUnlessRunning(deps, input.name, containerId);
  throw new DevboxError("SERVICE_NOT_FOUND", `${input.name} has no service ${quote(input.service)}.`, {
    why: stderr,
    next: [`See which it has: devbox-ctl status ${input.name}`],
  });
}
