import type { DesiredState } from "./box.ts";
import type { BoxSpec } from "./spec.ts";
import type { Millis } from "./time.ts";

/** What can be under way on a box. */
export const OPERATION_KINDS = [
  "create",
  "start",
  "stop",
  "restart",
  "destroy",
  "recreate",
  "rebuild",
  "rotate",
  "hand-over",
] as const;

export type OperationKind = (typeof OPERATION_KINDS)[number];

/** Facts an operation needs to be finished or undone by someone who knows only the journal. */
export interface OperationInput {
  /** destroy: the home volume is left. create: it existed before, so undoing must not remove it. */
  readonly keepHome?: boolean;
  /** create: whether the box is to be started. */
  readonly start?: boolean;
  /** What the box was meant to be before, so that undoing can put it back. */
  readonly before?: DesiredState;
  /** rebuild, hand-over: what the box was made of until now, and is again when the new container is of no use. */
  readonly previous?: { readonly containerId: string; readonly spec: BoxSpec };
  /** rebuild, hand-over: what it is made of from now on. */
  readonly spec?: BoxSpec;
  /** hand-over: whose it was, and is again when that is undone. */
  readonly from?: string;
  /** destroy: where its home is now. create: what its home is filled with. */
  readonly archive?: string;
}

/** One unfinished operation; finished ones are not kept. */
export interface OperationRecord {
  readonly id: string;
  readonly boxId: string;
  readonly kind: OperationKind;
  readonly input: OperationInput;
  readonly startedAt: Millis;
  /** Names of the steps that were begun, and whether each was done, in order. */
  readonly steps: readonly StepRecord[];
  /** Why the last try failed, if it did. */
  readonly error: string | undefined;
}

export interface StepRecord {
  readonly name: string;
  readonly done: boolean;
}

/** The step of a rebuild or a hand-over after which the new container is known to be of use. */
const PROVEN = "ready";

/**
 * What is to become of an operation whose process is gone: a create is taken back (its user was never
 * told that the box is there), everything else is carried on (its user asked for it and was not told no);
 * a rebuild or a hand-over only when its new container is known to work.
 */
export function recoveryOf({ kind, steps }: Pick<OperationRecord, "kind" | "steps">): "undo" | "finish" {
  if (kind === "rebuild" || kind === "hand-over")
    return steps.some(({ name, done }) => name === PROVEN && done) ? "finish" : "undo";
  return kind === "create" ? "undo" : "finish";
}

/** A process, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Kernel's start time of the process, in clock ticks after boot. */
  readonly startTicks: string;
  readonly bootId: string;
}

/** The right of one process to change one box; it ends with the process, whatever the clock says. */
export interface LeaseRecord {
  readonly boxId: string;
  readonly holder: ProcessIdentity;
  readonly command: string;
  readonly user: string;
  readonly takenAt: Millis;
}

/**
 * Environment variable by which the engine's processes carry the id of the box they work for, so that
 * whoever takes over from a killed command can wait until they are through.
 */
export const TOKEN_VARIABLE = "DEVBOX_CTL_TOKEN";
