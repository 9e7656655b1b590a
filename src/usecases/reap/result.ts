import { reasonText } from "../../core/lifecycle/sentences.ts";
import type { Action, Decision, Reason } from "../../core/lifecycle/facts.ts";
import type { Millis } from "../../core/time.ts";
import type { Judged } from "./survey.ts";

/** What archives say of boxes that were reaped. */
export const REAPED = "reaped";

/** One thing that is to be done, or was, and why; of a box that is left as it is, why it is. */
export interface Reaping {
  /** Name of the box, which may be gone. */
  readonly box: string;
  readonly owner: string;
  /** What the box is; `destroyed` for one of which only a device is left. */
  readonly state: string;
  /** `finish` and `undo`: an interrupted command. `retry-cleanup`: a device that has to be proven gone. */
  readonly action: "finish" | "undo" | Action;
  /** Undefined for what is no decision about a box's life. */
  readonly code: Reason | undefined;
  /** In a person's words. */
  readonly reason: string;
  /** When it is stopped or destroyed if nothing changes, and which. */
  readonly at: Millis | undefined;
  readonly next: Decision["next"];
  /**
   * `left`: meanwhile it was used, changed or taken by another command, so nothing was done to it. Undefined in a dry
   * run, and where there was nothing to do.
   */
  readonly outcome: "done" | "left" | "failed" | undefined;
  /** Why it failed, or was left. */
  readonly problem: string | undefined;
}

/** Something that went wrong in a run besides what was done to single boxes. */
export interface RunProblem {
  /** What was being done: `telling`, `archives`. */
  readonly part: string;
  readonly problem: string;
  /** Whether the run has failed by it; else it is a remark. */
  readonly fatal: boolean;
}

export interface ReapResult {
  readonly reapings: readonly Reaping[];
  readonly problems: readonly RunProblem[];
  readonly dryRun: boolean;
  /** The moment that a dry run was asked about. */
  readonly at: Millis | undefined;
}

/** Whether something failed, so that the unit has failed too. */
export function hasFailed({ reapings, problems }: ReapResult): boolean {
  return reapings.some(({ outcome }) => outcome === "failed") || problems.some(({ fatal }) => fatal);
}

/**
 * What was decided about a box, before anything is done.
 * @param zone of times in the reason
 */
export function reapingOf(judged: Judged, zone: string): Reaping {
  const { box, facts, decision, now } = judged;
  return {
    ...{ box: box.name, owner: box.owner, state: facts.state, action: decision.action, code: decision.reason },
    ...{ reason: reasonText(judged, { now, zone }), at: decision.at, next: decision.next },
    ...{ outcome: undefined, problem: undefined },
  };
}
