import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { readSample, writeSample } from "../../core/lifecycle/sample.ts";
import { unpushedLines } from "../../core/lifecycle/unpushed.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import type { RunningBox } from "./observe.ts";

type UnpushedDeps = Pick<Deps, "ledger" | "clock" | "engine">;

/** Milliseconds that the program has; it bounds itself to four seconds. */
const LIMIT = 10 * SECOND;

/** What was found last in a box that is nowhere else; a printable line each: `site/: 3 commits never pushed (branch redesign)`. */
export function lastUnpushed({ ledger }: Pick<Deps, "ledger">, boxId: string): readonly string[] {
  return readSample(ledger.samples().find((sample) => sample.boxId === boxId))?.unpushed?.lines ?? [];
}

/**
 * Looks for it in a running box, and keeps what was found: for a notice that has to name it.
 * @returns what was found last when the box does not answer, or its image is too old to
 */
export async function findUnpushed(deps: UnpushedDeps, { box, containerId }: RunningBox): Promise<readonly string[]> {
  const found = await askUnpushed(deps, containerId);
  const kept = readSample(deps.ledger.samples().find((sample) => sample.boxId === box.id));
  // One that does not answer is not asked again at once, either.
  const lines = found ?? kept?.unpushed?.lines ?? [];
  const data = writeSample({ looks: kept?.looks ?? [], unpushed: { age: 0, lines } });
  deps.ledger.setSample({ boxId: box.id, at: deps.clock.now(), data });
  return lines;
}

/** As root, whose programs are no sessions of the box; it gives root's rights up before it looks. */
async function askUnpushed({ engine }: UnpushedDeps, containerId: string): Promise<string[] | undefined> {
  try {
    const run = { argv: [IMAGE.programs.unpushed], user: "root", timeout: LIMIT } as const;
    const { exitCode, stdout } = await engine.runProgram(containerId, run);
    return exitCode === 0 ? unpushedLines(stdout) : undefined;
  } catch (error) {
    if (error instanceof DevboxError) return undefined;
    throw error;
  }
}
