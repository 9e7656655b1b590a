import { boxState } from "../core/box.ts";
import { nameOf } from "../core/device.ts";
import { messageOf } from "../core/errors.ts";
import { recoveryOf } from "../core/operation.ts";
import type { Deps } from "./deps.ts";
import { interruptedBoxes } from "./list.ts";
import { throwUnlessForAll } from "./owners.ts";
import { recoverAbandoned } from "./recover.ts";
import { releaseLeft } from "./tailnet/release.ts";

/** One thing that is to be done, or was, and why. */
interface Reaping {
  /** Name of the box, which may be gone. */
  readonly box: string;
  readonly owner: string;
  /** What the box is; `destroyed` for one of which only a device is left. */
  readonly state: string;
  /** `finish` and `undo`: an interrupted command. `retry-cleanup`: a device that has to be proven gone. */
  readonly action: "finish" | "undo" | "retry-cleanup";
  readonly reason: string;
  /** Undefined in a dry run. */
  readonly outcome: "done" | "failed" | undefined;
  /** Why it failed. */
  readonly problem: string | undefined;
}

export interface ReapResult {
  readonly reapings: readonly Reaping[];
  readonly dryRun: boolean;
}

/**
 * Does what is due for everybody: takes up interrupted commands, and tries again to have devices removed.
 * @param input.dryRun only say what would be done
 * @throws {DevboxError} NOT_PERMITTED; what fails is in the result, and is tried again by the next run
 */
export async function reap(deps: Deps, { dryRun }: { readonly dryRun: boolean }): Promise<ReapResult> {
  throwUnlessForAll(deps.caller, "reap");
  const interrupted = plannedRecoveries(deps);
  const before = plannedReleases(deps);
  const recoveries = dryRun || interrupted.length === 0 ? interrupted : await recovered(deps, interrupted);
  // What was taken up just now may have left devices of its own, or have had some of these removed.
  const known = new Set(before.map(({ of }) => of));
  const leaving = [...before, ...plannedReleases(deps).filter(({ of }) => !known.has(of))];
  return { reapings: [...recoveries, ...(dryRun ? leaving : await released(deps, leaving))], dryRun };
}

interface Planned extends Reaping {
  /** Id of the operation's box, or of the device. */
  readonly of: string | number;
}

function plannedRecoveries({ ledger, host }: Deps): Planned[] {
  const interrupted = interruptedBoxes({ ledger, host });
  return ledger.operations().flatMap((operation) => {
    const box = ledger.boxById(operation.boxId);
    if (box === undefined || !interrupted.has(box.id)) return [];
    const why = operation.error === undefined ? "" : `: ${operation.error}`;
    const reason = `a ${operation.kind} was interrupted${why}`;
    const state = boxState(box.phase, "unknown");
    const { name, owner, id: of } = box;
    return [
      { of, box: name, owner, state, action: recoveryOf(operation), reason, outcome: undefined, problem: undefined },
    ];
  });
}

async function recovered(deps: Deps, planned: readonly Planned[]): Promise<Reaping[]> {
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

function plannedReleases({ ledger }: Deps): Planned[] {
  return ledger
    .devices()
    .filter(({ state }) => state === "leaving")
    .map((device) => ({
      ...{ of: device.id, box: device.boxName, owner: device.owner },
      ...{ state: ledger.boxById(device.boxId) ? "unknown" : "destroyed", action: "retry-cleanup" as const },
      reason: `the tailnet device ${nameOf(device)} has to be proven gone`,
      ...{ outcome: undefined, problem: undefined },
    }));
}

async function released(deps: Deps, planned: readonly Planned[]): Promise<Reaping[]> {
  if (planned.length === 0) return [];
  const pending = new Map((await releaseLeft(deps, { force: true })).map(({ device, why }) => [device.id, why]));
  return planned.map((each) => {
    const problem = pending.get(each.of as number);
    return { ...each, outcome: problem === undefined ? "done" : "failed", problem };
  });
}
