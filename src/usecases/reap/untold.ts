import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { DAY, type Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { tellOf } from "../notices/announce.ts";
import { REAPED } from "./result.ts";

/** What is longer ago is no news any more. */
const NEWS_FOR: Millis = 14 * DAY;

/** Records of a box's audit log in which it is looked up who destroyed it. */
const MOST_RECORDS = 50;

/**
 * Tells of boxes that the reaper destroyed, or began to, when whoever finished it did not tell: a run that was killed, or
 * a person's command that took up what was left.
 */
export async function tellUntold(deps: Deps): Promise<void> {
  for (const archive of untold(deps)) await tellDestroyed(deps, archive);
}

/**
 * Tells of a box that the reaper destroyed where its home is. It goes by the archive, so that two runs, or one that
 * comes later, tell the same and not once more.
 */
export async function tellDestroyed(deps: Deps, archive: ArchiveRecord): Promise<void> {
  const box = { id: archive.boxId, name: archive.boxName, owner: archive.owner };
  await tellOf(deps, box, { kind: "destroyed", at: archive.createdAt, archive });
}

function untold(deps: Pick<Deps, "ledger" | "clock">): ArchiveRecord[] {
  const { ledger } = deps;
  const since = deps.clock.now() - NEWS_FOR;
  // A box has several when it was spared after the first: the newest is the one that it was destroyed with.
  const newest = new Map(ledger.archives().map((archive) => [archive.boxId, archive]));
  return [...newest.values()].filter(
    ({ boxId, reason, state, createdAt }) =>
      reason === REAPED &&
      state === "complete" &&
      createdAt >= since &&
      ledger.boxById(boxId) === undefined &&
      ledger.notices({ boxId }).every(({ kind }) => kind !== "destroyed") &&
      isReapers(deps, boxId),
  );
}

/** Whether it was the reaper's to destroy: one that was spared then may have been destroyed by its owner since. */
function isReapers({ ledger }: Pick<Deps, "ledger">, boxId: string): boolean {
  const every = { viewer: undefined, user: undefined, since: undefined, limit: MOST_RECORDS };
  const last = ledger.audit({ ...every, box: { ids: [boxId] } }).findLast(({ command }) => command === "destroy");
  return last?.what === "stopped-long";
}
