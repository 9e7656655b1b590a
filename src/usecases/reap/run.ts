import { DevboxError, messageOf } from "../../core/errors.ts";
import { policyFor } from "../../core/lifecycle/policy.ts";
import { DAY, type Millis } from "../../core/time.ts";
import { expireArchives } from "../archives/expire.ts";
import type { Deps } from "../deps.ts";
import { settleClock } from "../lifecycle/clock.ts";
import { unseenBoxes, unseenText } from "../lifecycle/unseen.ts";
import { settleHolds } from "../lifecycle/settle-holds.ts";
import { deliverPending, type Undelivered } from "../notices/pending.ts";
import { inParallel } from "../parallel.ts";
import { act } from "./act.ts";
import { plannedReleases, released } from "./devices.ts";
import { plannedRecoveries, recovered } from "./interrupted.ts";
import { type Reaping, reapingOf, type RunProblem } from "./result.ts";
import { dueBoxes, isPast } from "./schedules.ts";
import { type Judged, survey } from "./survey.ts";
import { tellUntold } from "./untold.ts";
import { withdrawVoid } from "./void.ts";

/** How long a notice may reach nobody until the run fails by it. */
const UNHEARD: Millis = DAY;

/** How long a box may not be looked at until the run fails by it. */
const UNSEEN: Millis = DAY;

/** What a run has done so far. */
interface Done {
  /** Of times in reasons. */
  readonly zone: string;
  readonly reapings: Reaping[];
  readonly problems: RunProblem[];
}

/** The whole run. Each part is tried, whatever became of those before. */
export async function runAll(deps: Deps, zone: string): Promise<Done> {
  const done: Done = { zone, reapings: [], problems: [] };
  const part = partsOf(deps, done);
  await part("clock", () => settled(deps));
  const devices = plannedReleases(deps);
  await part("interrupted commands", async () => {
    done.reapings.push(...(await recovered(deps, plannedRecoveries(deps))));
  });
  await part("telling", () => tellUntold(deps));
  await part("boxes", async () => {
    await lookAfter(deps, done, await survey(deps, { write: true }));
    done.problems.push(...unseen(deps));
  });
  await part("telling", async () => {
    done.problems.push(...unheard(await deliverPending(deps), deps.clock.now()));
  });
  await part("archives", () => expireArchives(deps));
  await part("devices", async () => {
    // What was taken up or destroyed just now may have left devices of its own, or have had some of these removed.
    const known = new Set(devices.map(({ device }) => device));
    const leaving = [...devices, ...plannedReleases(deps).filter(({ device }) => !known.has(device))];
    done.reapings.push(...(await released(deps, leaving)));
  });
  return done;
}

/** What schedules say, and notices that did not arrive. Where no moment has come, the engine is not asked. */
export async function runSchedules(deps: Deps, zone: string): Promise<Done> {
  const done: Done = { zone, reapings: [], problems: [] };
  const part = partsOf(deps, done);
  await part("clock", () => settled(deps));
  await part("schedules", async () => {
    const ids = await dueBoxes(deps, deps.clock.now());
    if (ids.size === 0) return;
    const boxes = await survey(deps, { ids, write: true });
    // Everything else is for the whole run.
    const meant = boxes.filter((judged) => judged.decision.reason === "schedule" || isPast(judged, deps.clock.now()));
    await lookAfter(deps, done, meant);
  });
  await part("telling", async () => {
    done.problems.push(...unheard(await deliverPending(deps), deps.clock.now()));
  });
  return done;
}

function settled(deps: Deps): Promise<void> {
  settleClock(deps);
  settleHolds(deps, deps.clock.now());
  return Promise.resolve();
}

/** Does parts of a run one after the other; one that fails is written down, and the next one is done. */
function partsOf(deps: Deps, { problems }: Done) {
  return async (part: string, does: () => Promise<unknown>): Promise<void> => {
    if (deps.interrupt.aborted) return;
    try {
      await does();
    } catch (error) {
      const why = error instanceof DevboxError ? error.why : undefined;
      const problem = [messageOf(error), why].filter(Boolean).join(" ");
      problems.push({ part, problem, fatal: true });
    }
  };
}

async function lookAfter(deps: Deps, { reapings, zone }: Done, boxes: readonly Judged[]): Promise<void> {
  await withdrawVoid(deps, boxes);
  for (const judged of boxes) handlePast(deps, judged);
  const due = boxes.filter(({ decision }) => !["none", "retry-cleanup"].includes(decision.action));
  await inParallel(due, deps.config.lifecycle.parallel, deps.interrupt, async (judged) => {
    const outcome = await act(deps, judged);
    reapings.push({ ...reapingOf(judged, zone), ...outcome });
  });
}

function handlePast(deps: Deps, judged: Judged): void {
  const due = judged.facts.schedule?.due;
  if (due !== undefined && isPast(judged, deps.clock.now())) deps.ledger.handleSchedule(judged.box.id, due.at);
}

/** Boxes that nobody can look into: a remark, and after a day a failure, because they run on whoever uses them. */
function unseen(deps: Deps): RunProblem[] {
  const now = deps.clock.now();
  const policies = deps.ledger.policies();
  const schedules = new Set(deps.ledger.schedules().map(({ boxId }) => boxId));
  return [...unseenBoxes(deps)].flatMap(([id, { since, problem }]) => {
    const box = deps.ledger.boxById(id);
    if (box === undefined) return [];
    // Nothing would be done to one that is never stopped, whatever goes on in it.
    const isMeant = policyFor(deps.config, box.owner, policies.get(id)).stopAfterIdle !== null || schedules.has(id);
    const text = `${unseenText(box.name, { since, problem }, now)}; it is not stopped by itself until it can be`;
    return [{ part: "looking", problem: text, fatal: isMeant && now - since > UNSEEN }];
  });
}

/** Notices that reached nobody: a remark, and after a day a failure, because boxes are kept for it that should not be. */
function unheard(pending: readonly Undelivered[], now: Millis): RunProblem[] {
  return pending.map(({ notice, problems }) => ({
    part: "telling",
    problem: `"${notice.subject}" reached nobody: ${problems.length === 0 ? "no channel has tried it yet" : problems.join("; ")}`,
    fatal: now - notice.createdAt > UNHEARD,
  }));
}
