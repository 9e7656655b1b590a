import { DevboxError } from "../core/errors.ts";
import { containerGone, findBox, usableContainer } from "./access.ts";
import type { Deps } from "./deps.ts";

export interface SessionInput {
  readonly name: string;
  /** The command, or undefined for an interactive login shell. */
  readonly command: readonly string[] | undefined;
  readonly tty: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Which kind of use this is, for `last used`. */
  readonly by: "ssh" | "exec" | "hold";
}

/** Exit codes that podman gives for its own failures and that a command may also give for its own. */
const AMBIGUOUS = new Set([125, 126, 127, 255, 137]);

/**
 * Runs a shell or a command in a box as dev, with the caller's own streams.
 * @returns the command's exit code
 * @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE when it does not run, CONTAINER_GONE, ENGINE_MISSING
 */
export async function session(deps: Deps, input: SessionInput): Promise<number> {
  const box = findBox(deps, input.name);
  const containerId = usableContainer(box);
  // The engine would say in its own words, on the caller's standard error, that it does not run.
  const isDoubtful = box.desired === "stopped" || !deps.engine.looksRunning(containerId);
  if (isDoubtful) await throwUnlessRunning(deps, input.name, containerId);
  const used = () => {
    if (deps.ledger.boxById(box.id)) deps.ledger.update(box.id, { lastUsed: { at: deps.clock.now(), by: input.by } });
  };
  used();

  const sessionId = deps.host.newId(16);
  const onInterrupt = () => void deps.engine.endSession(containerId, sessionId, String(deps.interrupt.reason));
  deps.interrupt.addEventListener("abort", onInterrupt, { once: true });
  try {
    const { command, tty, env } = input;
    const end = await deps.engine.session({ containerId, sessionId, command, tty, env });
    // The engine's client went away (a closed terminal, a signal): what it ran would stay behind in the box.
    if (end.signal !== undefined) await deps.engine.endSession(containerId, sessionId, "HUP");
    if (AMBIGUOUS.has(end.exitCode)) await throwUnlessRunning(deps, input.name, containerId);
    used();
    return end.exitCode;
  } catch (error) {
    // What could not be run was no use.
    const { lastUsedAt: at, lastUsedBy: by } = box;
    if (at !== undefined && by !== undefined) deps.ledger.update(box.id, { lastUsed: { at, by } });
    throw error;
  } finally {
    deps.interrupt.removeEventListener("abort", onInterrupt);
  }
}

/** @throws {DevboxError} WRONG_STATE or CONTAINER_GONE */
export async function throwUnlessRunning(deps: Pick<Deps, "engine">, name: string, containerId: string): Promise<void> {
  const detail = await deps.engine.inspect(containerId);
  if (detail === undefined) throw containerGone(name);
  if (detail.state === "running") return;
  throw notRunning(name, detail.state === "exited" || detail.state === "created" ? "stopped" : detail.state);
}

/** The error for something that needs a running box. */
function notRunning(name: string, state: string): DevboxError {
  return new DevboxError("WRONG_STATE", `${name} is ${state}.`, { next: [`devbox-ctl start ${name}`] });
}
