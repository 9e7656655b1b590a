import { DevboxError, hasCode } from "../core/errors.ts";
import type { OperationRecord } from "../core/operation.ts";
import { boxesAllowed } from "../core/limits.ts";
import { findBox } from "./access.ts";
import type { Deps } from "./deps.ts";
import { newOperation, runSteps } from "./journal.ts";
import { leaseRequest } from "./lease.ts";
import { stepsOf } from "./operations.ts";
import { recoverBox } from "./recover.ts";

export interface DestroyInput {
  readonly name: string;
  /** Leave the home volume; `create --volume` takes it up again. */
  readonly keepVolume: boolean;
}

export interface DestroyResult {
  readonly name: string;
  /** Name of the home volume that was left, if it was. */
  readonly keptVolume: string | undefined;
  readonly slots: { readonly used: number; readonly allowed: number };
}

/**
 * Destroys a box: container, private volume and, unless kept, its home; then looks that nothing is left.
 * Once begun it is carried on by whatever command comes next, until everything is gone.
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, PARTIAL, the ENGINE_ codes
 */
export async function destroy(deps: Deps, input: DestroyInput): Promise<DestroyResult> {
  const box = findBox(deps, input.name);
  deps.ledger.takeLease(box.id, leaseRequest(deps, `destroy ${box.name}`));
  try {
    const pending = deps.ledger.operationOn(box.id);
    checkPending(pending, input);
    const recovery = await recoverBox(deps, box.id);
    const stillThere = deps.ledger.boxById(box.id);
    // What an interrupted create or destroy left is gone by now, which is what was asked for.
    if (recovery === undefined || stillThere !== undefined) await run(deps, input, stillThere ?? box);
    const keptHome =
      pending?.kind === "destroy" ? pending.input.keepHome === true : input.keepVolume && pending?.kind !== "create";
    return {
      name: box.name,
      keptVolume: keptHome ? box.spec.home : undefined,
      slots: {
        used: deps.ledger.boxes().filter((b) => b.owner === box.owner).length,
        allowed: boxesAllowed(deps.config, box.owner),
      },
    };
  } finally {
    deps.ledger.releaseLease(box.id, deps.host.self());
  }
}

/** An interrupted destroy that has not removed the home yet must not do so when it is now asked to be kept. */
function checkPending(pending: OperationRecord | undefined, input: DestroyInput): void {
  if (pending?.kind !== "destroy" || !input.keepVolume || pending.input.keepHome === true) return;
  throw new DevboxError("WRONG_STATE", `a destroy of ${input.name} with its home has begun already.`, {
    next: [`Finish it: devbox-ctl destroy ${input.name}`],
  });
}

async function run(deps: Deps, input: DestroyInput, box: ReturnType<typeof findBox>): Promise<void> {
  const operation = newOperation(deps, "destroy", { keepHome: input.keepVolume, before: box.desired });
  deps.ledger.begin(box.id, operation, { phase: "destroying", desired: "stopped" });
  const journal = { id: operation.id, boxId: box.id, steps: [] };
  try {
    // Not interruptible: between its steps a box is neither there nor gone.
    const steady: Deps = { ...deps, interrupt: new AbortController().signal };
    await runSteps(steady, journal, stepsOf(steady, box, operation));
  } catch (error) {
    if (hasCode(error, "PARTIAL")) throw error;
    const why = error instanceof DevboxError ? [error.message, error.why].filter(Boolean).join("\n") : undefined;
    throw new DevboxError("PARTIAL", `destroying ${box.name} is not finished; it is carried on by the next command.`, {
      why,
      next: [`devbox-ctl destroy ${box.name}`, "devbox-ctl doctor --fix"],
      cause: error,
    });
  }
  deps.ledger.finish(operation.id, box.id, "remove");
}
