import type { BoxRecord, ContainerState } from "../core/box.ts";
import { DevboxError, hasCode } from "../core/errors.ts";
import { EXIT } from "../core/exit-codes.ts";
import { count } from "../core/text.ts";
import { recorded } from "./audit/record.ts";
import type { Deps } from "./deps.ts";
import { throwIfInterrupted } from "./journal.ts";
import { throwUnlessForAll } from "./owners.ts";
import { inParallel } from "./parallel.ts";
import { recoverAbandoned, SILENT } from "./recover.ts";
import { start } from "./start.ts";

/** Boxes that are started at the same time: a start is one core's work for a second, and a host has other things to do. */
const AT_ONCE = 3;

/** What became of one box. `busy`: another command is at work on it, and decides what becomes of it. */
export interface Resumed {
  readonly name: string;
  readonly owner: string;
  readonly outcome: "started" | "running" | "to-start" | "busy" | "failed";
  /** Why it failed, or what is not as it should be although it runs. */
  readonly error: DevboxError | undefined;
}

/**
 * Brings back what was meant to run when the host went down, and leaves stopped what was stopped. What was used last
 * comes first: when the host has less memory than it had, those who work get their boxes. FR-027
 * @param input.dryRun only say what would be started
 * @throws {DevboxError} NOT_PERMITTED, INTERRUPTED, the ENGINE_ codes; what fails is in the result, see {@link isBack}
 */
export async function resume(deps: Deps, { dryRun }: { readonly dryRun: boolean }): Promise<Resumed[]> {
  throwUnlessForAll(deps.caller, "resume");
  if (!dryRun) await recoverAbandoned(deps);
  const states = new Map((await deps.engine.boxes()).map(({ identity, state }) => [identity.id, state]));
  const meant = deps.ledger.boxes().filter(({ phase, desired }) => phase === "ready" && desired === "running");
  const queue = meant.filter(({ id }) => !isUp(states.get(id))).sort((a, b) => usedAt(b) - usedAt(a));
  const results: Resumed[] = meant.filter(({ id }) => isUp(states.get(id))).map((box) => entry(box, "running"));
  if (dryRun) return [...queue.map((box) => entry(box, "to-start")), ...results];
  const total = queue.length;
  if (total > 0) deps.progress.begin(`${count(total, "box", "boxes")} brought back`);
  const started: Resumed[] = [];
  await inParallel(queue, AT_ONCE, deps.interrupt, async (box) => {
    const result = await bringBack(deps, box);
    started.push(result);
    deps.progress.begin(`${result.name}: ${result.outcome}`);
  });
  throwIfInterrupted(deps.interrupt);
  deps.progress.done();
  return [...started, ...results];
}

const isUp = (state: ContainerState | undefined) => state !== undefined && !["created", "exited"].includes(state);

const usedAt = ({ lastUsedAt, createdAt }: BoxRecord) => lastUsedAt ?? createdAt;

function entry({ name, owner }: BoxRecord, outcome: Resumed["outcome"], error?: DevboxError): Resumed {
  return { name, owner, outcome, error };
}

async function bringBack(deps: Deps, box: BoxRecord): Promise<Resumed> {
  try {
    // Several at once cannot each show their steps. That nobody used it must stay so.
    const quiet: Deps = { ...deps, progress: SILENT };
    const audited = { command: "start", box: box.name, what: "resume" };
    const begin = () => start(quiet, { name: box.name, recreate: false, resume: true });
    const { box: now, changed } = await recorded(quiet, audited, begin);
    return entry(box, changed || now.desired === "running" ? "started" : "busy");
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    // It runs, and something else is wrong with it.
    if (error.exitCode === EXIT.partial) return entry(box, "started", error);
    return entry(box, hasCode(error, "BUSY", "BOX_NOT_FOUND", "INTERRUPTED") ? "busy" : "failed", error);
  }
}

/** Whether a box is as it was meant to be, as far as this command has a say in it. */
export function isBack({ outcome, error }: Resumed): boolean {
  return outcome === "busy" || error === undefined;
}
