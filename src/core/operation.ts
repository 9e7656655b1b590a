import type { DesiredState } from "./box.ts";
import type { Millis } from "./time.ts";

/** What can be under way on a box. */
export type OperationKind = "create" | "start" | "stop" | "restart" | "destroy" | "recreate";

/** Facts an operation needs to be finished or undone by someone who knows only the journal. */
export interface OperationInput {
  /** destroy: the home volume is left. create: it existed before, so undoing must not remove it. */
  readonly keepHome?: boolean;
  /** create: whether the box is to be started. */
  readonly start?: boolean;
  /** What the box was meant to be before, so that undoing can put it back. */
  readonly before?: DesiredState;
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

/**
 * What is to become of an operation whose process is gone: a create is taken back (its user was never
 * told that the box is there), everything else is carried on (its user asked for it and was not told no).
 */
export function recoveryOf(kind: OperationKind): "undo" | "finish" {
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
