import type { BoxRecord } from "../core/box.ts";
import { DevboxError, hasCode } from "../core/errors.ts";
import type { ArchiveRecord } from "../core/lifecycle/records.ts";
import type { OperationRecord } from "../core/operation.ts";
import { boxesAllowed } from "../core/limits.ts";
import { findBox } from "./access.ts";
import { archiveHome } from "./archives/archive-home.ts";
import { keptUntil } from "./archives/known.ts";
import type { ListedArchive } from "./archives/list.ts";
import type { Deps } from "./deps.ts";
import { newOperation, runSteps } from "./journal.ts";
import { leaseRequest } from "./lease.ts";
import { stepsOf } from "./operations.ts";
import { recoverBox } from "./recover.ts";
import type { Before } from "./start.ts";

export interface DestroyInput {
  readonly name: string;
  /** Leave the home volume; `create --volume` takes it up again. */
  readonly keepVolume: boolean;
  /** Put its home away first; when that fails, the box is not destroyed. */
  readonly archive?: {
    /** Why, as the archive will say: `reaped`, `destroy --archive`, `user remove`. */
    readonly reason: string;
  };
  /** With an archive it is asked twice, also when that is written: what it throws then leaves the box stopped. */
  readonly before?: Before;
}

export interface DestroyResult {
  readonly name: string;
  /** Name of the home volume that was left, if it was. */
  readonly keptVolume: string | undefined;
  /** Where its home is now, if that was put away. */
  readonly archive: ListedArchive | undefined;
  readonly slots: { readonly used: number; readonly allowed: number };
}

/**
 * Destroys a box: container, private volume and, unless kept, its home; then looks that nothing is left.
 * Once begun it is carried on by whatever command comes next, until everything is gone.
 * With an archive it is not begun before the home is put away and was looked at.
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, WRONG_STATE, PARTIAL, the ENGINE_ codes, those of {@link archiveHome};
 * DEVICE_PENDING when it is destroyed, and its tailnet device not proven gone
 */
export async function destroy(deps: Deps, input: DestroyInput): Promise<DestroyResult> {
  const box = findBox(deps, input.name);
  deps.ledger.takeLease(box.id, leaseRequest(deps, `destroy ${box.name}`));
  try {
    const pending = deps.ledger.operationOn(box.id);
    throwUnlessArchived(pending, input);
    const keptHome = keepsHome(deps, pending, input);
    const recovery = await recoverBox(deps, box.id);
    const stillThere = deps.ledger.boxById(box.id);
    const earlier = pending?.kind === "destroy" ? pending.input.archive : undefined;
    let archive = earlier === undefined ? undefined : deps.ledger.archiveById(earlier);
    // What an interrupted create or destroy left is gone by now, which is what was asked for.
    if (recovery === undefined || stillThere !== undefined) {
      const there = stillThere ?? box;
      await input.before?.(there);
      if (input.archive !== undefined) {
        archive = await archiveHome(deps, there, input.archive.reason);
        // That took its time, in which the box may have been held, or the archive removed.
        await input.before?.(there);
        throwUnlessKept(deps, archive);
      }
      const problem = await run(deps, { ...input, archived: archive?.id }, deps.ledger.boxById(box.id) ?? there);
      if (problem) throw problem;
    }
    return {
      name: box.name,
      keptVolume: keptHome ? box.spec.home : undefined,
      archive: archive && { ...archive, keptUntil: keptUntil(deps, archive) },
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

/**
 * Looks that what goes on is not a destroy by which the home would be lost.
 * @throws {DevboxError} WRONG_STATE
 */
function throwUnlessArchived(pending: OperationRecord | undefined, { name, archive }: DestroyInput): void {
  if (archive === undefined || pending?.kind !== "destroy") return;
  if (pending.input.archive !== undefined || pending.input.keepHome === true) return;
  throw new DevboxError("WRONG_STATE", `an earlier destroy of ${name} without an archive is not finished.`, {
    next: [
      `Finish it, and keep its home: devbox-ctl destroy ${name} --keep-volume`,
      `Or not: devbox-ctl destroy ${name}`,
    ],
  });
}

/**
 * Looks that an archive is there still; from the begin of the operation on nobody removes it.
 * @throws {DevboxError} WRONG_STATE
 */
function throwUnlessKept({ ledger }: Deps, { id, boxName }: ArchiveRecord): void {
  if (ledger.archiveById(id)?.state === "complete") return;
  throw new DevboxError("WRONG_STATE", `the archive ${id} was removed meanwhile; ${boxName} is there, and stopped.`, {
    next: [`Run it again: devbox-ctl destroy ${boxName} --archive`],
  });
}

interface Run extends DestroyInput {
  /** Id of the archive that its home is in. */
  readonly archived: string | undefined;
}

/** @returns what is left of it although it is gone */
async function run(deps: Deps, input: Run, box: BoxRecord): Promise<DevboxError | undefined> {
  const operation = newOperation(deps, "destroy", {
    ...{ keepHome: input.keepVolume, before: box.desired },
    ...(input.archived === undefined ? {} : { archive: input.archived }),
  });
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
