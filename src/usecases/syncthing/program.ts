import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import type { ProgramResult } from "../../ports/engine.ts";
import { findBox, usableContainer } from "../access.ts";
import type { Deps } from "../deps.ts";
import { throwUnlessRunning } from "../session.ts";

/** A box whose programs can be run. */
export interface RunningBox {
  readonly name: string;
  readonly containerId: string;
}

/** Milliseconds for what waits until Syncthing answers, and for everything else. */
const SETUP_LIMIT = 60_000;
const LIMIT = 45_000;

/** Exit codes of /usr/libexec/devbox/syncthing; 126 and 127 are the engine's for a program that is not there. */
const [WRONG_USAGE, NO_ANSWER, REFUSED] = [2, 4, 5];
const NOT_THERE = [126, 127];

/** @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE, CONTAINER_GONE */
export async function runningBox(deps: Deps, name: string): Promise<RunningBox> {
  const box = findBox(deps, name);
  return running(deps, box);
}

/** As {@link runningBox}, for a box that is at hand. */
export async function running(deps: Deps, box: BoxRecord): Promise<RunningBox> {
  const containerId = usableContainer(box);
  if (box.desired === "stopped") await throwUnlessRunning(deps, box.name, containerId);
  return { name: box.name, containerId };
}

/**
 * Asks a box's Syncthing by the program of the image.
 * @returns what it printed
 * @throws {DevboxError} WRONG_STATE when the box or Syncthing is off, USAGE, NOT_READY, the ENGINE_ codes
 */
export async function askSyncthing(deps: Deps, box: RunningBox, args: readonly string[]): Promise<string> {
  const argv = [IMAGE.programs.syncthing, ...args];
  const timeout = args[0] === "setup" ? SETUP_LIMIT : LIMIT;
  const result = await deps.engine.runProgram(box.containerId, { argv, user: "dev", timeout });
  if (result.exitCode === 0) return result.stdout;
  throw await failure(deps, box, result);
}

async function failure(deps: Deps, { name, containerId }: RunningBox, result: ProgramResult): Promise<DevboxError> {
  const why = result.stderr.replace(/^syncthing: /, "");
  switch (result.exitCode) {
    case WRONG_USAGE:
      return new DevboxError("USAGE", `Syncthing in ${name} does not take this.`, { why });
    case NO_ANSWER:
      return new DevboxError("WRONG_STATE", `Syncthing does not answer in ${name}.`, {
        why,
        next: [`Turn it on: devbox-ctl syncthing enable ${name}`],
      });
    case REFUSED:
      return new DevboxError("NOT_READY", `Syncthing in ${name} refuses.`, {
        why,
        next: [`See what it says: devbox-ctl syncthing status ${name}`],
      });
  }
  return otherFailure(deps, { name, containerId }, result);
}

/** The error for a program of the image that could not be run, or failed in a way of its own. */
export async function otherFailure(
  deps: Deps,
  { name, containerId }: RunningBox,
  result: ProgramResult,
): Promise<DevboxError> {
  await throwUnlessRunning(deps, name, containerId);
  if (NOT_THERE.includes(result.exitCode)) return noSyncthing(name);
  return new DevboxError(
    "ENGINE_FAILED",
    `a program of the box ${name} failed (exit code ${String(result.exitCode)}).`,
    {
      why: result.stderr || undefined,
      next: [`devbox-ctl logs ${name}`],
    },
  );
}

/** The error for an image that came without it. */
export function noSyncthing(name: string): DevboxError {
  return new DevboxError("WRONG_STATE", `the image of ${name} has no Syncthing.`, {
    next: ["Make one that has it: devbox-ctl image build", `Then: devbox-ctl rebuild ${name}   (its home stays)`],
  });
}
