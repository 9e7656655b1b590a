import type { BoxRecord } from "../core/box.ts";
import { DevboxError, messageOf } from "../core/errors.ts";
import { type OperationRecord, recoveryOf } from "../core/operation.ts";
import { SECOND } from "../core/time.ts";
import { mayUse } from "./access.ts";
import type { Deps } from "./deps.ts";
import { runSteps, SETTLE_LIMIT } from "./journal.ts";
import { lastingOn } from "./lifecycle/settle-holds.ts";
import { outcomeOf, stepsOf, undo } from "./operations.ts";

/** How long what a killed command of somebody else's left is waited for: it is not the caller's to wait for. */
const STRANGERS_LIMIT = 2 * SECOND;
/** How long a killed command's engine call is waited for; longer than the engine's own slowest quick call. */
const ORPHAN_LIMIT = 120 * SECOND;

/** What was done about an interrupted operation. */
export interface Recovery {
  readonly name: string;
  readonly owner: string;
  readonly kind: OperationRecord["kind"];
  /** `given up`: it could not be finished; what is wanted stands in the ledger, and the box is what Podman says. */
  readonly how: "finished" | "undone" | "given up";
  /** Why it was given up. */
  readonly why: string | undefined;
}

/** One that is left for the next command. */
export interface FailedRecovery extends Pick<Recovery, "name" | "owner" | "kind"> {
  readonly error: unknown;
}

/**
 * Finishes or undoes what a process that is gone left on a box whose lease is held.
 * @returns undefined when nothing was left.
 * @throws {DevboxError} BUSY while the gone process's engine call still runs, or what the engine throws
 */
export async function recoverBox(deps: Deps, boxId: string): Promise<Recovery | undefined> {
  const operation = deps.ledger.operationOn(boxId);
  const box = deps.ledger.boxById(boxId);
  if (operation === undefined || box === undefined) return undefined;
  const isTheirs = mayUse(deps.caller, box.owner);
  const limit = isTheirs ? ORPHAN_LIMIT : STRANGERS_LIMIT;
  if (!(await deps.host.waitForOrphans(boxId, limit))) {
    throw new DevboxError("BUSY", `a command that was killed left Podman at work on ${box.name}.`, {
      next: ["Try again in a minute", "See what runs: ps ax | grep podman"],
    });
  }
  await deps.engine.settled(Math.min(limit, SETTLE_LIMIT));
  const { how, why } = await recoverOperation(deps, box, operation);
  const reason = why === undefined ? "" : `: ${why}`;
  if (isTheirs) deps.progress.remark(`a ${operation.kind} of ${box.name} was interrupted; it is ${how} now${reason}`);
  return { name: box.name, owner: box.owner, kind: operation.kind, how, why };
}

async function recoverOperation(
  deps: Deps,
  box: BoxRecord,
  operation: OperationRecord,
): Promise<Pick<Recovery, "how" | "why">> {
  // Nobody watches these steps, and an impatient Ctrl-C must not leave them half done once more.
  const quiet: Deps = { ...deps, progress: SILENT, interrupt: new AbortController().signal };
  if (recoveryOf(operation) === "undo") {
    await undo(quiet, box, operation);
    return { how: "undone", why: undefined };
  }
  if (await isWanted(deps, box, operation)) {
    deps.ledger.finish(operation.id, box.id, { desired: "running" });
    return { how: "given up", why: "it runs, and was used or held since" };
  }
  try {
    await runSteps(quiet, operation, stepsOf(quiet, box, operation));
  } catch (error) {
    if (operation.kind === "destroy") throw error;
    // As when nobody is killed: kept open, a box that cannot start could neither be recreated nor destroyed.
    deps.ledger.finish(operation.id, box.id, {});
    return { how: "given up", why: messageOf(error) };
  }
  deps.ledger.finish(operation.id, box.id, outcomeOf(operation));
  return { how: "finished", why: undefined };
}

/**
 * Whether a box is in use that a killed command was about to stop: who works in it meanwhile would be stopped by
 * whatever command comes next, and be it somebody else's.
 */
async function isWanted({ ledger, engine, host, config, clock }: Deps, box: BoxRecord, operation: OperationRecord) {
  if (operation.kind !== "stop" || box.containerId === undefined) return false;
  const isUsed = (box.lastUsedAt ?? 0) > operation.startedAt;
  if (!isUsed && lastingOn({ ledger, host, config }, box.id, clock.now()).length === 0) return false;
  return (await engine.inspect(box.containerId))?.state === "running";
}

/** For steps that nobody watches. */
export const SILENT: Deps["progress"] = {
  begin: () => undefined,
  done: () => undefined,
  failed: () => undefined,
  remark: () => undefined,
};

/**
 * Recovers every operation whose process is gone, so that nothing keeps a slot it does not use.
 * One that cannot be recovered now is left for the next command and does not stop this one.
 */
export async function recoverAbandoned(deps: Deps): Promise<(Recovery | FailedRecovery)[]> {
  const results: (Recovery | FailedRecovery)[] = [];
  for (const { boxId, kind } of deps.ledger.operations()) {
    const lease = deps.ledger.leaseOn(boxId);
    if (lease && deps.host.isAlive(lease.holder)) continue;
    const { name, owner } = deps.ledger.boxById(boxId) ?? { name: boxId, owner: "" };
    // Who happens to come by is nobody's business but their own: it is done in the owner's name.
    const caller = mayUse(deps.caller, owner) ? deps.caller : { ...deps.caller, user: owner };
    try {
      const now = deps.clock.now();
      deps.ledger.takeLease(boxId, { holder: deps.host.self(), command: `recover ${kind}`, caller, now });
      const recovery = await recoverBox(deps, boxId);
      if (recovery) results.push(recovery);
    } catch (error) {
      results.push({ name, owner, kind, error });
    } finally {
      deps.ledger.releaseLease(boxId, deps.host.self());
    }
  }
  return results;
}
