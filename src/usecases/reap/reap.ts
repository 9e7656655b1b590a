import type { Millis } from "../../core/time.ts";
import { decideAt } from "../../core/lifecycle/foresee.ts";
import type { Deps } from "../deps.ts";
import { throwIfInterrupted } from "../journal.ts";
import { throwUnlessForAll } from "../owners.ts";
import { plannedReleases } from "./devices.ts";
import { plannedRecoveries } from "./interrupted.ts";
import { type Reaping, type ReapResult, reapingOf } from "./result.ts";
import { runAll, runSchedules } from "./run.ts";
import { keepRun } from "./run-record.ts";
import { dueBoxes } from "./schedules.ts";
import { type Judged, survey } from "./survey.ts";

export interface ReapInput {
  /** Only say what would be done; nothing at all is changed. */
  readonly dryRun: boolean;
  /** With `dryRun`: what a run would do then if nothing changes. */
  readonly at?: Millis | undefined;
  /** Only what schedules say, and notices that did not arrive: for a timer that comes often. */
  readonly only?: "schedules" | undefined;
  /** Time zone of times in reasons; UTC when left out. */
  readonly zone?: string;
}

/**
 * Does what is due for everybody: takes up interrupted commands, looks at all boxes, and tells, starts, stops and
 * destroys as it was decided; then what is left of devices, notices and archives. A failure of one part stops none of
 * the others.
 * @returns what was done and what failed; what failed is tried again by the next run
 * @throws {DevboxError} NOT_PERMITTED, INTERRUPTED
 */
export async function reap(deps: Deps, input: ReapInput): Promise<ReapResult> {
  throwUnlessForAll(deps.caller, "reap");
  if (input.dryRun) return planned(deps, input);
  const { zone = "UTC" } = input;
  const [startedAt, since] = [deps.clock.now(), deps.clock.monotonic()];
  const done = await (input.only === "schedules" ? runSchedules(deps, zone) : runAll(deps, zone));
  const { reapings, problems } = done;
  const result: ReapResult = { reapings, problems, dryRun: false, at: undefined };
  keepRun(deps, input.only ?? "all", result, { startedAt, duration: deps.clock.monotonic() - since });
  throwIfInterrupted(deps.interrupt);
  return result;
}

/** What a run would do, of every box: also that it is left as it is, and why. */
async function planned(deps: Deps, { at, only, zone = "UTC" }: ReapInput): Promise<ReapResult> {
  const isAll = only === undefined;
  const interrupted = isAll ? plannedRecoveries(deps) : [];
  const taken = new Set(interrupted.map(({ box }) => box));
  const now = deps.clock.now();
  const ids = isAll ? undefined : await dueBoxes(deps, at ?? now);
  const nothing = ids?.size === 0 || deps.ledger.boxes().every(({ name }) => taken.has(name));
  const boxes = nothing ? [] : await survey(deps, { write: false, at, ids });
  const decisions = boxes
    .filter(({ box }) => !taken.has(box.name))
    .map((judged) => (at === undefined ? judged : then(judged, { now, at })))
    .filter(({ decision }) => decision.action !== "retry-cleanup")
    .map((judged) => (at === undefined ? reapingOf(judged, zone) : foreseen(judged, now, reapingOf(judged, zone))));
  const devices = isAll ? plannedReleases(deps) : [];
  return { reapings: [...interrupted, ...decisions, ...devices], problems: [], dryRun: true, at };
}

/** A start or a stop by schedule between now and then would change what comes after; it is foreseen for no box. */
function foreseen({ facts }: Judged, now: Millis, reaping: Reaping): Reaping {
  const due = facts.schedule?.due;
  if (due === undefined || due.at <= now) return reaping;
  return { ...reaping, reason: `${reaping.reason}; what its schedule does before then is left out` };
}

function then(judged: Judged, times: { readonly now: Millis; readonly at: Millis }): Judged {
  return { ...judged, decision: decideAt(judged.facts, judged.policy, times) };
}
