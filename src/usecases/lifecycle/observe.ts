import type { BoxRecord } from "../../core/box.ts";
import { parseActivity, unreadableAnswer } from "../../core/activity.ts";
import { DevboxError, hasCode, messageOf } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { weigh, type Glance, type Seen } from "../../core/lifecycle/activity.ts";
import { type ClockShift, moved } from "../../core/lifecycle/clock.ts";
import { readSample } from "../../core/lifecycle/sample.ts";
import { clipped } from "../../core/text.ts";
import { HOUR, SECOND, spanText } from "../../core/time.ts";
import type { BoxCounters } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";
import { inParallel } from "../parallel.ts";
import { findUnpushed } from "./unpushed.ts";

/** A box that runs, and the container it runs as. */
export interface RunningBox {
  readonly box: BoxRecord;
  readonly containerId: string;
}

type ObserveDeps = Pick<Deps, "ledger" | "clock" | "engine" | "config" | "interrupt">;

/** Milliseconds that a box has to answer; it takes a fifth of a second. */
const PROBE_LIMIT = 10 * SECOND;
/** Milliseconds of a run after which no look for unpushed work is begun any more; the next run goes on. */
const WORK_BUDGET = 300;
/** How old what was found of unpushed work may be, and how old at least before it is looked for again. */
const WORK_AGE = { most: 12 * HOUR, least: HOUR };

/**
 * Looks at running boxes, some at a time: one question to the engine for all of them, one to each box. Never throws
 * because of a box: one that does not answer is `failed`.
 * @param options with `write`, what is seen is kept: last activity, what the next look is compared with, unpushed work
 */
export async function observe(
  deps: ObserveDeps,
  running: readonly RunningBox[],
  options: { readonly write: boolean },
): Promise<ReadonlyMap<string, Seen>> {
  const { lifecycle } = deps.config;
  const samples = new Map(deps.ledger.samples().map((sample) => [sample.boxId, sample]));
  const shifts = deps.ledger.clockMoves();
  const counters = countersOf(deps, running);
  const seen = new Map<string, Seen>();
  await inParallel(running, lifecycle.parallel, deps.interrupt, async ({ box, containerId }) => {
    const said = await probe(deps, containerId);
    const counted = (await counters).get(containerId);
    const now = deps.clock.now();
    const weighed = weigh({ previous: samples.get(box.id), ...said, counters: counted, config: lifecycle, now });
    const look = movedBy(shifts, weighed.seen);
    seen.set(box.id, look);
    if (!options.write) return;
    const { last } = look;
    if (last !== undefined) deps.ledger.touch(box.id, last.at, last.by);
    if (weighed.sample !== undefined) deps.ledger.setSample({ boxId: box.id, at: now, data: weighed.sample });
  });
  if (options.write) await refreshWork(deps, running, seen);
  return seen;
}

/** What a box wrote down before the clock was set is as long ago as it really is. */
function movedBy(shifts: readonly ClockShift[], seen: Seen): Seen {
  const { last } = seen;
  return last === undefined || shifts.length === 0 ? seen : { ...seen, last: { ...last, at: moved(last.at, shifts) } };
}

/** What the probe of a box's image says, or why it says nothing that can be read. */
async function probe({ engine }: ObserveDeps, containerId: string): Promise<Pick<Glance, "activity" | "problem">> {
  try {
    const run = { argv: [IMAGE.programs.activity], user: "root", timeout: PROBE_LIMIT } as const;
    const { exitCode, stdout, stderr } = await engine.runProgram(containerId, run);
    if (exitCode !== 0) return { activity: undefined, problem: failureText(exitCode, stderr) };
    const activity = parseActivity(stdout);
    return { activity, problem: activity === undefined ? unreadableAnswer(stdout) : undefined };
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    const isSlow = hasCode(error, "ENGINE_TIMEOUT");
    const problem = isSlow ? `its activity probe gave no answer within ${spanText(PROBE_LIMIT)}` : messageOf(error);
    return { activity: undefined, problem: problem.replace(/\.$/, "") };
  }
}

/** @param stderr of a program of the box, which may say anything */
function failureText(exitCode: number, stderr: string): string {
  if (exitCode === 126 || exitCode === 127) return `its image has no activity probe that can be run`;
  const said = stderr.trim();
  return `its activity probe failed with exit code ${String(exitCode)}${said === "" ? "" : `: ${clipped(said)}`}`;
}

/** Where the engine has no figures, the boxes' own stand in. */
async function countersOf(
  { engine }: ObserveDeps,
  running: readonly RunningBox[],
): Promise<ReadonlyMap<string, BoxCounters>> {
  try {
    return await engine.counters(running.map(({ containerId }) => containerId));
  } catch (error) {
    if (error instanceof DevboxError) return new Map();
    throw error;
  }
}

/** Looks for unpushed work where what was found is old, the oldest first, and not for long. */
async function refreshWork(
  deps: ObserveDeps,
  running: readonly RunningBox[],
  seen: ReadonlyMap<string, Seen>,
): Promise<void> {
  const samples = new Map(deps.ledger.samples().map((sample) => [sample.boxId, sample]));
  const now = deps.clock.now();
  const due = running.flatMap((look) => {
    const { observation, signals } = seen.get(look.box.id) ?? {};
    if (observation !== "fresh") return [];
    const record = samples.get(look.box.id);
    const found = readSample(record)?.unpushed;
    const age = record === undefined || found === undefined ? Infinity : now - record.at + found.age;
    const changed = signals?.find(({ kind }) => kind === "workspace")?.at ?? 0;
    const isDue = age > WORK_AGE.most || (age > WORK_AGE.least && changed > now - age);
    return isDue ? [{ look, age }] : [];
  });
  const begun = deps.clock.monotonic();
  const oldest = due.toSorted((a, b) => b.age - a.age);
  await inParallel(oldest, deps.config.lifecycle.parallel, deps.interrupt, async ({ look }) => {
    if (deps.clock.monotonic() - begun < WORK_BUDGET) await findUnpushed(deps, look);
  });
}
