import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { readSample, writeSample } from "../../core/lifecycle/sample.ts";
import { unpushedLines } from "../../core/lifecycle/unpushed.ts";
import { MINUTE, SECOND } from "../../core/time.ts";
import { runOnHome, type TaskDeps } from "../archives/home-task.ts";
import type { Deps } from "../deps.ts";
import type { RunningBox } from "./observe.ts";

type UnpushedDeps = Pick<Deps, "ledger" | "clock" | "engine">;

/** Milliseconds that the program has; it bounds itself to four seconds. */
const LIMIT = 10 * SECOND;
/** The same, with a container that has to be made for it first. */
const REST_LIMIT = MINUTE;

/** What was found last in a box that is nowhere else; a printable line each: `site/: 3 commits never pushed (branch redesign)`. */
export function lastUnpushed({ ledger }: Pick<Deps, "ledger">, boxId: string): readonly string[] {
  return readSample(ledger.samples().find((sample) => sample.boxId === boxId))?.unpushed?.lines ?? [];
}

/**
 * The same of a box that does not run and whose lease is held, looked for in its home: somebody may have worked until
 * just before it was stopped. Asks nobody where it was looked for since then.
 * @returns what was found last when its home cannot be looked into, or its image is too old to
 */
export async function findUnpushedAtRest(deps: TaskDeps, box: BoxRecord): Promise<readonly string[]> {
  const record = deps.ledger.samples().find((sample) => sample.boxId === box.id);
  const kept = readSample(record);
  const { at = box.createdAt } = record ?? {};
  const before = kept?.unpushed;
  // Stopping takes a while after it was looked for.
  if (before !== undefined && box.stoppedAt !== undefined && at - before.age >= box.stoppedAt - MINUTE)
    return before.lines;
  const run = { argv: [IMAGE.programs.unpushed], user: "dev", readOnly: true, limit: REST_LIMIT } as const;
  const found = await answerOf(() => runOnHome(deps, box, run));
  if (found === undefined) return before?.lines ?? [];
  // The sample's own time says when the box ran last, and stays.
  const data = writeSample({ looks: kept?.looks ?? [], unpushed: { age: 0, lines: found } });
  deps.ledger.setSample({ boxId: box.id, at, data });
  return found;
}

/**
 * Looks for it in a running box, and keeps what was found: for a notice that has to name it.
 * @returns what was found last when the box does not answer, or its image is too old to
 */
export async function findUnpushed(deps: UnpushedDeps, { box, containerId }: RunningBox): Promise<readonly string[]> {
  // As root, whose programs are no sessions of the box; it gives root's rights up before it looks.
  const run = { argv: [IMAGE.programs.unpushed], user: "root", timeout: LIMIT } as const;
  const found = await answerOf(() => deps.engine.runProgram(containerId, run));
  const kept = readSample(deps.ledger.samples().find((sample) => sample.boxId === box.id));
  // One that does not answer is not asked again at once, either.
  const lines = found ?? kept?.unpushed?.lines ?? [];
  const data = writeSample({ looks: kept?.looks ?? [], unpushed: { age: 0, lines } });
  deps.ledger.setSample({ boxId: box.id, at: deps.clock.now(), data });
  return lines;
}

/** Undefined when there is none. */
async function answerOf(ask: () => Promise<{ exitCode: number; stdout: string }>): Promise<string[] | undefined> {
  try {
    const { exitCode, stdout } = await ask();
    return exitCode === 0 ? unpushedLines(stdout) : undefined;
  } catch (error) {
    if (error instanceof DevboxError) return undefined;
    throw error;
  }
}
