import { boxState } from "../../core/box.ts";
import { messageOf } from "../../core/errors.ts";
import { recoveryOf } from "../../core/operation.ts";
import type { Deps } from "../deps.ts";
import { interruptedBoxes } from "../list.ts";
import { recoverAbandoned } from "../recover.ts";
import type { Reaping } from "./result.ts";

/** What is no decision about a box's life. */
const NO_DECISION = {
  code: undefined,
  at: undefined,
  next: undefined,
  outcome: undefined,
  problem: undefined,
} as const;

/** Commands that were interrupted, and what is to become of them. */
export function plannedRecoveries({ ledger, host }: Deps): Reaping[] {
  const interrupted = interruptedBoxes({ ledger, host });
  return ledger.operations().flatMap((operation) => {
    const box = ledger.boxById(operation.boxId);
    if (box === undefined || !interrupted.has(box.id)) return [];
    const why = operation.error === undefined ? "" : `: ${operation.error}`;
    const reason = `a ${operation.kind} was interrupted${why}`;
    const state = boxState(box.phase, "unknown");
    const { name, owner } = box;
    return [{ ...NO_DECISION, box: name, owner, state, action: recoveryOf(operation), reason }];
  });
}

/** Takes them up; what fails stays for the next command. */
export async function recovered(deps: Deps, planned: readonly Reaping[]): Promise<Reaping[]> {
  if (planned.length === 0) return [];
  const results = await recoverAbandoned(deps);
  return planned.map((each) => {
    const result = results.find(({ name }) => name === each.box);
    if (result === undefined || "how" in result) {
      const problem = result?.how === "given up" ? result.why : undefined;
      return { ...each, outcome: problem === undefined ? "done" : "failed", problem };
    }
    return { ...each, outcome: "failed", problem: messageOf(result.error) };
  });
}
