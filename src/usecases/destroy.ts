import { DevboxError, hasCode } from "../core/errors.ts";
import type { ArchiveRecord } from "../core/lifecycle/records.ts";
import type { OperationRecord } from "../core/operation.ts";
import { boxesAllowed } from "../core/limits.ts";
import { findBox } from "./access.ts";
import { archiveHome } from "./archives/archive-home.ts";
import type { Deps } from "./deps.ts";
import { newOperation, runSteps } from "./journal.ts";
import { leaseRequest } from "./lease.ts";
import { stepsOf } from "./operations.ts";
import { recoverBox } from "./recover.ts";

export interface DestroyInput {
  readonly name: string;
  /** Leave the home volume; `create --volume` takes it up again. */
  readonly keepVolume: boolean;
  /** Put its home away first; when that fails, the box is not destroyed. */
  readonly archive?: {
    /** Why, as the archive will say: `reaped`, `destroy --archive`, `user remove`. */
    readonly reason: string;
  };
}

export interface DestroyResult {
  readonly name: string;
  /** Name of the home volume that was left, if it was. */
  readonly keptVolume: string | undefined;
  /** Where its home is now, if that was put away. */
  readonly archive: ArchiveRecord | undefined;
  readonly slots: { readonly used: number; readonly allowed: number };
}

/**
 * Destroys a box: container, private volume and, unless kept, its home; then looks that nothing is left.
 * Once begun it is carried on by whatever command comes next, until everything is gone.
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, PARTIAL, the ENGINE_ codes; DEVICE_PENDING when it is destroyed, and its
 * tailnet device not proven gone
 */
export async function destroy(deps: Deps, input: DestroyInput): Promise<DestroyResult> {
  const box = findBox(deps, input.name);
  deps.ledger.takeLease(box.id, leaseRequest(deps, `destroy ${box.name}`));
  try {
    const pending = deps.ledger.operationOn(box.id);
    const keptHome = keepsHome(deps, pending, input);
    const recovery = await recoverBox(deps, box.id);
    const stillThere = deps.ledger.boxById(box.id);
    const archive =
      input.archive === undefined || stillThere === undefined
        ? undefined
        : await archiveHome(deps, stillThere, input.archive.reason);
    // What an interrupted create or destroy left is gone by now, which is what was asked for.
    if (recovery === undefined || stillThere !== undefined) {
      const problem = await run(deps, input, stillThere ?? box);
      if (problem) throw problem;
    }
    return {
      name: box.name,
      keptVolume: keptHome ? box.spec.home : undefined,
      archive,
      slots: {
        used: deps.ledger.boxes().filter((b) => b.owner === box.owner).length,
        allowed: boxesAllowed(deps.config, box.owner),
      },
    };
  } finally {
    deps.ledger.releaseLease(box.id, deps.host.self());
  }
}

/**
 * Whether the home will be left, given what an interrupted command had begun. A destroy that is to go on
 * spares the home if it is now asked to, as long as it has not begun to remove it.
 * @throws {DevboxError} WRONG_STATE when it has
 */
function keepsHome(deps: Deps, pending: OperationRecord | undefined, input: DestroyInput): boolean {
  // What an interrupted create had made is taken back as a whole; nobody has used it.
  if (pending?.kind === "create") return pending.input.keepHome === true;
  if (pending?.kind !== "destroy") return input.keepVolume;
  if (!input.keepVolume || pending.input.keepHome === true) return pending.input.keepHome === true;
  if (pending.steps.some((step) => step.name === "volumes")) {
    throw new DevboxError("WRONG_STATE", `an earlier destroy of ${input.name} has begun to remove its home.`, {
      next: [`Finish it: devbox-ctl destroy ${input.name}`],
    });
  }
  deps.ledger.amendOperation(pending.id, { ...pending.input, keepHome: true });
  return true;
}

/** @returns what is left of it although it is gone */
async function run(deps: Deps, input: DestroyInput, box: ReturnType<typeof findBox>): Promise<DevboxError | undefined> {
  const operation = newOperation(deps, "destroy", { keepHome: input.keepVolume, before: box.desired });
  deps.ledger.begin(box.id, operation, { phase: "destroying", desired: "stopped" });
  const journal = { id: operation.id, boxId: box.id, steps: [] };
  try {
    // Not interruptible: between its steps a box is neither there nor gone.
    const steady: Deps = { ...deps, interrupt: new AbortController().signal };
    const problem = await runSteps(steady, journal, stepsOf(steady, box, operation));
    deps.ledger.finish(operation.id, box.id, "remove");
    return problem;
  } catch (error) {
    if (hasCode(error, "PARTIAL")) throw error;
    const why = error instanceof DevboxError ? [error.message, error.why].filter(Boolean).join("\n") : undefined;
    throw new DevboxError("PARTIAL", `destroying ${box.name} is not finished; it is carried on by the next command.`, {
      why,
      next: [`devbox-ctl destroy ${box.name}`, "devbox-ctl doctor --fix"],
      cause: error,
    });
  }
}
