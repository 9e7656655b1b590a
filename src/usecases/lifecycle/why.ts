import { boxState, type BoxRecord } from "../../core/box.ts";
import type { AuditRecord } from "../../core/audit.ts";
import type { Seen } from "../../core/lifecycle/activity.ts";
import type { Decision, Hold } from "../../core/lifecycle/facts.ts";
import { decide } from "../../core/lifecycle/decide.ts";
import { policyFor } from "../../core/lifecycle/policy.ts";
import { plannedOf, toldOf } from "../../core/lifecycle/told.ts";
import type { Why } from "../../core/lifecycle/why.ts";
import { SECOND, type Millis } from "../../core/time.ts";
import type { EngineBox } from "../../ports/engine.ts";
import { findBox } from "../access.ts";
import type { Deps } from "../deps.ts";
import { homeSizeOf } from "../status.ts";
import { gather } from "./gather.ts";
import { observe } from "./observe.ts";
import { lastUnpushed } from "./unpushed.ts";

export interface WhyResult extends Why {
  readonly box: BoxRecord;
  /** What can be done about it: commands, ready to copy. */
  readonly commands: readonly string[];
}

/** Records of a box's audit log in which it is looked up who started or stopped it. */
const MOST_RECORDS = 200;

/**
 * Why a box is as it is, what becomes of it and what would change that. A running box is looked at; one that does not
 * answer is told of as it was last seen.
 * @throws {DevboxError} BOX_NOT_FOUND, the ENGINE_ codes
 */
export async function why(deps: Deps, { name }: { readonly name: string }): Promise<WhyResult> {
  const box = findBox(deps, name);
  const container = (await deps.engine.boxes()).find(({ identity }) => identity.id === box.id);
  const isRunning = boxState(box.phase, container?.state) === "running";
  const seen = isRunning && container ? await look(deps, box, container) : undefined;
  const now = deps.clock.now();
  const sight = seen?.observation === "fresh" ? new Map([[box.id, seen]]) : "as-last-seen";
  const containers = new Map(container ? [[box.id, container]] : []);
  const [facts] = await gather(deps, [box], { containers, seen: sight, now });
  if (facts === undefined) throw new TypeError("one box has one set of facts");

  const policy = policyFor(deps.config, box.owner, deps.ledger.policies().get(box.id));
  const decision = decide(facts, policy, now);
  const isSeen = seen === undefined || seen.observation === "fresh";
  const problem = isSeen ? undefined : (seen.problem ?? "it does not answer");
  const told = toldOf(deps.ledger.notices({ boxId: box.id }), decision);
  const what: Why = {
    ...{ facts, policy, decision },
    stateSince: stateSince(deps, box, container),
    problem,
    signals: seen?.signals ?? [],
    schedule: deps.ledger.scheduleOf(box.id),
    // Of a box that nobody can look at nothing is planned: it stays as it is.
    told: problem === undefined ? [...told, ...plannedOf({ facts, decision }, policy, told, now)] : told,
    unpushed: lastUnpushed(deps, box.id),
    homeSize: decision.next === "destroy" ? await homeSizeOf(deps, box) : undefined,
    archiveKept: deps.config.lifecycle.archive.keep,
  };
  return { ...what, box, commands: commandsFor(what) };
}

async function look(deps: Deps, box: BoxRecord, { containerId }: EngineBox): Promise<Seen | undefined> {
  return (await observe(deps, [{ box, containerId }], { write: false })).get(box.id);
}

/** Since when a box runs or does not, and whose command that was. */
function stateSince(deps: Deps, box: BoxRecord, container: EngineBox | undefined): Why["stateSince"] {
  const isRunning = container?.state === "running";
  const at = isRunning ? container.startedAt : (box.stoppedAt ?? container?.exitedAt);
  if (at === undefined) return undefined;
  const records = deps.ledger.audit({
    ...{ viewer: undefined, user: undefined, box: { ids: [box.id] }, since: undefined, limit: MOST_RECORDS },
  });
  const done = records.findLast((record) => wasDoneBy(record, at));
  return { at, by: done && (BY_ITSELF.get(`${done.command} ${done.what ?? ""}`) ?? done.user) };
}

/** Commands that start or stop boxes. */
const CHANGES = new Set(["create", "start", "stop", "restart", "rebuild", "hand-over", "reap", "resume", "restore"]);

/**
 * Who it was when the reaper did it, by what it records: the act and its reason. In personal mode the reaper runs as the owner, who
 * did not stop it all the same.
 */
const BY_ITSELF: ReadonlyMap<string, string> = new Map([
  ["stop idle", "the reaper"],
  ["stop schedule", "its schedule"],
  ["start schedule", "its schedule"],
]);

/** Whether a command was at work at a moment; the engine's times have whole seconds in places. */
function wasDoneBy({ at, command, end }: AuditRecord, moment: Millis): boolean {
  return CHANGES.has(command) && end !== undefined && at <= moment + SECOND && moment <= at + end.duration + SECOND;
}

/** What would change what is foreseen. */
function commandsFor({ facts, decision, schedule }: Why): string[] {
  const { name, state, hold } = facts;
  const isGone = state === "gone";
  const start = `devbox-ctl start ${name}${isGone ? " --recreate" : ""}`;
  return [
    ...(decision.next === "destroy" || isGone ? [start] : []),
    ...(decision.reason === "state-unclear" ? [start, `devbox-ctl stop ${name}`] : []),
    ...(hold === undefined ? holdOf(decision, name) : [endOfHold(name, hold)]),
    ...(schedule === undefined ? [] : [`devbox-ctl schedule clear ${name}`]),
    ...(decision.reason === "never-by-policy" ? [`devbox-ctl policy show ${name}`] : []),
  ];
}

/** Holding a box changes nothing as long as it is left alone for what it is. */
function holdOf({ reason }: Decision, name: string): string[] {
  return reason === "busy" || reason === "state-unclear" ? [] : [`devbox-ctl hold ${name} --for 3d`];
}

/** How a hold is taken back; a file in the box is its own. */
function endOfHold(name: string, { by }: Hold): string {
  const [, file] = /^the file (\/[\w./-]+)$/.exec(by) ?? [];
  return file === undefined ? `devbox-ctl release ${name}` : `devbox-ctl exec ${name} -- rm ${file}`;
}
