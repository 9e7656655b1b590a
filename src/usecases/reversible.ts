import type { BoxRecord } from "../core/box.ts";
import { DevboxError, hasCode, messageOf } from "../core/errors.ts";
import { recoveryOf } from "../core/operation.ts";
import type { OperationStart } from "../ports/ledger.ts";
import type { Deps } from "./deps.ts";
import { runSteps, SETTLE_LIMIT } from "./journal.ts";
import { stepsOf, undo } from "./operations.ts";

/**
 * Does a rebuild or a hand-over; as long as its new container is not known to work, a failure takes it back.
 * @returns what went wrong without ending it
 */
export async function runReversibly(
  deps: Deps,
  box: BoxRecord,
  operation: OperationStart,
): Promise<DevboxError | undefined> {
  const journal = { id: operation.id, boxId: box.id, steps: [] };
  try {
    return await runSteps(deps, journal, stepsOf(deps, box, operation));
  } catch (error) {
    const record = deps.ledger.operationOn(box.id);
    if (record === undefined || recoveryOf(record) === "undo") throw await takeBack(deps, box, operation, error);
    // The new container is proven and the old one may be gone: from here on there is only going on.
    const steady: Deps = { ...deps, interrupt: new AbortController().signal };
    return runSteps(steady, record, stepsOf(steady, box, operation));
  }
}

/** @returns the error to be thrown: the first one with what became of the box, or one that says what is left */
async function takeBack(deps: Deps, box: BoxRecord, operation: OperationStart, error: unknown): Promise<unknown> {
  const steady: Deps = { ...deps, interrupt: new AbortController().signal };
  try {
    // A call that was given up may be worked on yet.
    await deps.engine.settled(SETTLE_LIMIT);
    await undo(steady, box, operation);
  } catch (undoError) {
    deps.ledger.failOperation(operation.id, messageOf(undoError));
    return new DevboxError(
      "PARTIAL",
      `the ${operation.kind} of ${box.name} failed, and it is not yet what it was before.`,
      {
        why: `${messageOf(error)}\n${messageOf(undoError)}`,
        next: ["devbox-ctl doctor --fix   (the next command tries again, too)"],
        cause: error,
      },
    );
  }
  if (!(error instanceof DevboxError)) return error;
  const image = operation.input.spec?.image ?? "";
  const code = hasCode(error, "INTERRUPTED") ? "interrupted" : "no good";
  return new DevboxError(error.code, `the ${operation.kind} of ${box.name} was ${code}; it is what it was before.`, {
    why: [error.message, error.why].filter(Boolean).join("\n"),
    next: [
      ...(code === "interrupted" ? [] : [`Look at the image: devbox-ctl image check ${image}`]),
      `Go on as before: devbox-ctl ssh ${box.name}`,
    ],
    cause: error,
  });
}
