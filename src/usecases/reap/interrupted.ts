import { boxState, type BoxRecord } from "../../core/box.ts";
import { messageOf } from "../../core/errors.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { recoveryOf } from "../../core/operation.ts";
import type { Deps } from "../deps.ts";
import { interruptedBoxes } from "../list.ts";
import { tellOf } from "../notices/announce.ts";
import { recoverAbandoned } from "../recover.ts";
import { REAPED, type Reaping } from "./result.ts";

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
  const destroys = reapedDestroys(deps);
  const results = await recoverAbandoned(deps);
  for (const { box, archive } of destroys) {
    if (deps.ledger.boxById(box.id) !== undefined) continue;
    await tellOf(deps, box, { kind: "destroyed", at: deps.clock.now(), archive });
  }
  return planned.map((each) => {
    const result = results.find(({ name }) => name === each.box);
    if (result === undefined || "how" in result) {
      const problem = result?.how === "given up" ? result.why : undefined;
      return { ...each, outcome: problem === undefined ? "done" : "failed", problem };
    }
    return { ...each, outcome: "failed", problem: messageOf(result.error) };
  });
}

/** Destroys of an earlier run that it did not come to tell of: boxes, and the archives of their homes. */
function reapedDestroys({ ledger }: Deps): { readonly box: BoxRecord; readonly archive: ArchiveRecord }[] {
  return ledger.operations().flatMap(({ kind, boxId, input }) => {
    const box = ledger.boxById(boxId);
    const archive = input.archive === undefined ? undefined : ledger.archiveById(input.archive);
    return kind === "destroy" && box !== undefined && archive?.reason === REAPED ? [{ box, archive }] : [];
  });
}
