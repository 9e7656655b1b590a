import { DevboxError, messageOf } from "../core/errors.ts";
import type { OperationInput, OperationKind, OperationRecord } from "../core/operation.ts";
import { SECOND } from "../core/time.ts";
import type { BoxChange, OperationStart } from "../ports/ledger.ts";
import type { Deps } from "./deps.ts";

/** One idempotent step of an operation: doing it twice is the same as doing it once. */
export interface Step {
  /** Name in the journal; never changed once released, because journals outlive upgrades. */
  readonly name: string;
  /** What a person is told when it is done. */
  readonly title: string;
  readonly run: () => Promise<StepResult>;
}

/** What a step found out: a detail for the person, and what the ledger should know. */
interface StepResult {
  readonly detail?: string | undefined;
  readonly change?: BoxChange | undefined;
  /** What went wrong although the operation goes on: it is no reason to undo it or to give it up. */
  readonly problem?: DevboxError | undefined;
}

/**
 * How long the engine's service is waited for before something is undone or carried on: longer than it takes to copy an
 * image. A session that it lost the other side of may stay for ever, so what is not through by then is gone past.
 */
export const SETTLE_LIMIT = 30 * SECOND;

/** A fresh operation of a kind. */
export function newOperation(
  deps: Pick<Deps, "host" | "clock">,
  kind: OperationKind,
  input: OperationInput,
): OperationStart {
  return { id: deps.host.newId(12), kind, input, now: deps.clock.now() };
}

/**
 * Runs the steps that are not done yet, each recorded before it begins and after it is done.
 * A failure is noted in the journal and leaves the operation open; its caller decides what becomes of it.
 * @returns what went wrong on the way without ending it, to be thrown when the ledger is told
 */
export async function runSteps(
  deps: Pick<Deps, "ledger" | "progress" | "interrupt">,
  operation: Pick<OperationRecord, "id" | "boxId" | "steps">,
  steps: readonly Step[],
): Promise<DevboxError | undefined> {
  const problems: DevboxError[] = [];
  const done = new Set(operation.steps.filter((step) => step.done).map((step) => step.name));
  for (const step of steps) {
    if (done.has(step.name)) continue;
    throwIfInterrupted(deps.interrupt);
    deps.ledger.beginStep(operation.id, step.name);
    deps.progress.begin(step.title);
    try {
      const { detail, change, problem } = await step.run();
      deps.ledger.endStep(operation.id, step.name, operation.boxId, change);
      if (problem) {
        problems.push(problem);
        deps.progress.failed();
      } else {
        deps.progress.done(detail);
      }
    } catch (error) {
      deps.ledger.failOperation(operation.id, messageOf(error));
      throw error;
    }
  }
  return inOne(problems);
}

/** Several problems as one error: the first one's code and sentence, with what there is to say of the others. */
function inOne(problems: readonly DevboxError[]): DevboxError | undefined {
  const [first, ...others] = problems;
  if (first === undefined || others.length === 0) return first;
  const why = [first.why, ...others.flatMap((other) => [other.message, other.why])].filter(Boolean).join("\n");
  const next = [...new Set(problems.flatMap((problem) => problem.next))];
  return new DevboxError(first.code, first.message, { why, next, cause: first });
}

/** @throws {DevboxError} INTERRUPTED */
export function throwIfInterrupted(interrupt: AbortSignal): void {
  if (!interrupt.aborted) return;
  throw new DevboxError("INTERRUPTED", "interrupted.", {
    why: interrupt.reason === "INT" ? "Ctrl-C was pressed." : `The process was sent SIG${String(interrupt.reason)}.`,
    next: ["See how things stand: devbox-ctl list", "Then run the command again"],
  });
}

/**
 * Does several things at once and waits for all of them, also when one fails: what is left of the others
 * must not come into being while the failure is being undone.
 * @throws what the first that failed threw
 */
export async function allDone(acts: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(acts)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}
