import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, hasCode, messageOf } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import type { Millis } from "../../core/time.ts";
import { recorded } from "../audit/record.ts";
import type { Deps } from "../deps.ts";
import { destroy } from "../destroy.ts";
import { lastingOn } from "../lifecycle/settle-holds.ts";
import { findUnpushed, findUnpushedAtRest } from "../lifecycle/unpushed.ts";
import { withLease } from "../lease.ts";
import { announce, tellOf } from "../notices/announce.ts";
import { SILENT } from "../recover.ts";
import { type Before, start, stop } from "../start.ts";
import { graceIn } from "./grace.ts";
import { REAPED, type Reaping } from "./result.ts";
import { type Judged, survey } from "./survey.ts";
import { tellDestroyed } from "./untold.ts";

type Outcome = Pick<Reaping, "outcome" | "problem">;

/** Does what was decided about a box, unless it is otherwise by now. Never fails: what went wrong is its outcome. */
export async function act(deps: Deps, judged: Judged): Promise<Outcome> {
  // Several boxes at once cannot each show their steps, and none is stopped in the middle of one.
  const quiet: Deps = { ...deps, progress: SILENT, interrupt: new AbortController().signal };
  try {
    await does(quiet, judged);
    return { outcome: "done", problem: undefined };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Outcome {
  // A bug with one box must not keep the others from being looked after.
  if (!(error instanceof DevboxError)) return { outcome: "failed", problem: messageOf(error) };
  const problem = wordsOf(error);
  const isLeft = error instanceof LeftAsItIs || hasCode(error, "BUSY", "BOX_NOT_FOUND");
  return { outcome: isLeft ? "left" : "failed", problem };
}

const wordsOf = ({ message, why }: DevboxError) => [message, why].filter(Boolean).join(" ");

/** What was decided does not hold any more. */
class LeftAsItIs extends DevboxError {
  constructor(name: string) {
    super("WRONG_STATE", `${name} was used or changed meanwhile; it is left as it is.`);
  }
}

async function does(deps: Deps, judged: Judged): Promise<void> {
  switch (judged.decision.action) {
    case "notify":
      await notify(deps, judged);
      return;
    case "start":
      await startBox(deps, judged);
      return;
    case "stop":
      await stopBox(deps, judged);
      return;
    case "destroy":
      await destroyBox(deps, judged);
      return;
    // Devices are looked after together, at the end of the run.
    case "retry-cleanup":
    case "none":
  }
}

/** That it reaches nobody is no failure: nothing is done to the box until it does. */
async function notify(deps: Deps, { box, containerId, facts, decision }: Judged): Promise<void> {
  if (decision.notice === undefined) return;
  // What was never pushed is named in it, as it is now.
  if (facts.state === "running" && containerId !== undefined) await findUnpushed(deps, { box, containerId });
  else await withLease(deps, box.name, "reap", (found) => findUnpushedAtRest(deps, found));
  const deadline = decision.at ?? deps.clock.now();
  await announce(deps, box, { ...decision.notice, deadline, archived: decision.notice.kind === "destroy" });
}

/** Looks and decides again under the lease: only what is decided twice is done. */
function confirmed(deps: Deps, judged: Judged, then?: (now: Judged) => Promise<void>): Before {
  return async (box) => {
    const [now] = await survey(deps, { ids: new Set([box.id]), write: true });
    if (now?.decision.action !== judged.decision.action) throw new LeftAsItIs(box.name);
    await then?.(now);
  };
}

async function startBox(deps: Deps, judged: Judged): Promise<void> {
  const { name, id } = judged.box;
  const input = { name, recreate: false, scheduled: true, before: confirmed(deps, judged) };
  try {
    await audited(deps, "start", judged, () => start(deps, input));
  } catch (error) {
    // It runs, and something else is wrong with it: its moment is done with, and the failure is told all the same.
    if (error instanceof DevboxError && error.exitCode === EXIT.partial) handled(deps, id, judged);
    throw error;
  }
  handled(deps, id, judged);
}

async function stopBox(deps: Deps, judged: Judged): Promise<void> {
  const { box, decision } = judged;
  const reason = decision.reason === "schedule" ? "schedule" : "idle";
  const before = confirmed(deps, judged, async ({ containerId, now }) => {
    if (containerId === undefined) return;
    await graceIn(deps, { boxId: box.id, containerId }, stopText(deps, box, reason));
    // For the notices that come while it is stopped, when nobody can look any more.
    await findUnpushed(deps, { box, containerId });
    throwIfWanted(deps, box, now);
  });
  const { box: stopped } = await audited(deps, "stop", judged, () => stop(deps, { name: box.name, before }));
  handled(deps, box.id, judged);
  await tellOf(deps, stopped, { kind: "stopped", at: stopped.stoppedAt ?? deps.clock.now(), reason });
}

/**
 * Who reads that their box stops may hold it, or log in. What the box itself shows is no sign then: programs that were
 * asked to end save what they have.
 * @throws {LeftAsItIs}
 */
function throwIfWanted(deps: Deps, { id, name }: BoxRecord, since: Millis): void {
  const { lastUsedAt = 0 } = deps.ledger.boxById(id) ?? {};
  if (lastUsedAt > since || lastingOn(deps, id, deps.clock.now()).length > 0) throw new LeftAsItIs(name);
}

function stopText(deps: Deps, { name }: BoxRecord, reason: "idle" | "schedule"): string {
  const seconds = Math.ceil(deps.config.lifecycle.grace / 1000);
  const why = reason === "schedule" ? "as its schedule says" : "because nobody used it";
  return `${name} stops in ${String(seconds)} s, ${why}. Its home stays. To start it again: devbox-ctl start ${name}`;
}

async function destroyBox(deps: Deps, judged: Judged): Promise<void> {
  const { box } = judged;
  const input = { name: box.name, keepVolume: false, archive: { reason: REAPED }, before: confirmed(deps, judged) };
  try {
    const { archive } = await audited(deps, "destroy", judged, () => destroy(deps, input));
    if (archive !== undefined) await tellDestroyed(deps, archive);
  } catch (error) {
    if (hasCode(error, "DEVICE_PENDING")) {
      // It is destroyed, and its archive there; what is left of it is the device's own matter.
      const archive = deps.ledger.archives().findLast(({ boxId }) => boxId === box.id);
      if (archive !== undefined) await tellDestroyed(deps, archive);
      return;
    }
    // Nothing is begun that cannot be looked at again: it could not be put away.
    const isWhole = deps.ledger.boxById(box.id)?.phase === "ready" && failed(error).outcome === "failed";
    if (isWhole) await tellTrouble(deps, judged, error);
    throw error;
  }
}

/** Told once for as long as the box is stopped: the home stays, but somebody has to see to it. */
async function tellTrouble(deps: Deps, { box, facts }: Judged, error: unknown): Promise<void> {
  const what = "its home cannot be put into an archive, so it is not destroyed";
  const why = error instanceof DevboxError ? wordsOf(error) : messageOf(error);
  await tellOf(deps, box, { kind: "trouble", since: facts.stoppedAt ?? box.createdAt, what, why });
}

function audited<T>(deps: Deps, command: string, { box, decision }: Judged, does: () => Promise<T>): Promise<T> {
  return recorded(deps, { command, box: box.name, what: decision.reason }, does);
}

/** Its schedule's moment is done with, when that was what it was about. */
function handled(deps: Deps, boxId: string, { facts, decision }: Judged): void {
  const due = facts.schedule?.due;
  if (decision.reason === "schedule" && due !== undefined) deps.ledger.handleSchedule(boxId, due.at);
}
