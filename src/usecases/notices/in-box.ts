import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { clipped } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

/** Milliseconds that a box has; the program in it needs a fraction, and bounds itself. */
const LIMIT = 10 * SECOND;

/** What is shown in a box. */
export interface BoxText {
  /** One line, which is all that tmux has room for. */
  readonly subject: string;
  readonly body: string;
  /** Given, it is shown at logins too, until it is taken back; 1 to 64 letters, digits, - and _. */
  readonly id?: string;
}

/**
 * Shows a text at the terminals of a running box and in tmux.
 * @returns how many terminals that somebody is attached to have got it; a login that has shown it counts as one
 * @throws {DevboxError} NOTIFY_FAILED, the ENGINE_ codes
 */
export async function showInBox(deps: Pick<Deps, "engine">, containerId: string, text: BoxText): Promise<number> {
  const { subject, body, id } = text;
  const argv = [IMAGE.programs.tell, ...(id === undefined ? [] : ["--id", id])];
  return told(await run(deps, containerId, argv, `${subject}\n\n${body}`));
}

/** Takes back what is shown at logins. Never fails: it goes with the next stop in any case. */
export async function takeBackInBox(deps: Pick<Deps, "engine">, containerId: string): Promise<void> {
  try {
    await run(deps, containerId, [IMAGE.programs.tell, "--clear"], "");
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
  }
}

async function run(deps: Pick<Deps, "engine">, containerId: string, argv: readonly string[], input: string) {
  const result = await deps.engine.runProgram(containerId, { argv, user: "root", input, timeout: LIMIT });
  const { exitCode, stdout, stderr } = result;
  if (exitCode === 0) return stdout;
  const isOld = exitCode === 126 || exitCode === 127;
  throw new DevboxError("NOTIFY_FAILED", "it could not be shown in the box.", {
    why: isOld
      ? "Its image is older than this, and has no program for it."
      : clipped(stderr || `exit code ${exitCode}`),
  });
}

/** Reads `told=2 terminals=3 shown=0`. */
function told(answer: string): number {
  const [, terminals, shown] = /^told=(\d{1,6}) terminals=\d{1,6} shown=([01])$/m.exec(answer) ?? [];
  return Number(terminals ?? 0) + Number(shown ?? 0);
}
