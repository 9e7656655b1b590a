import { actedForOther, type AuditRecord, seenBy } from "../../core/audit.ts";
import { parseSince } from "../../core/time.ts";
import type { AuditFilter } from "../../ports/ledger.ts";
import { mayUse } from "../access.ts";
import type { Deps } from "../deps.ts";

export interface AuditInput {
  /** A span back from now, or a time. */
  readonly since: string | undefined;
  readonly user: string | undefined;
  /** Name or id of a box. */
  readonly box: string | undefined;
  readonly limit: number;
}

/** A command in the audit log. */
export interface AuditLine extends AuditRecord {
  /** `killed`: it is gone and has not said how it ended. */
  readonly state: "ended" | "running" | "killed";
  /** Whether an administrator acted on what is another's. */
  readonly forOther: boolean;
}

/**
 * What was done, the oldest first: for an administrator everything; for a user what they did, and what was done to
 * boxes that were theirs at the time.
 * @throws {DevboxError} USAGE
 */
export function audit(deps: Deps, { since, user, box, limit }: AuditInput): AuditLine[] {
  const viewer = deps.caller.admin ? undefined : deps.caller.user;
  const filter: AuditFilter = {
    ...{ viewer, user, limit },
    box: box === undefined ? undefined : boxOf(deps, box, viewer),
    since: since === undefined ? undefined : parseSince(since, deps.clock.now()),
  };
  return deps.ledger.audit(filter).map((record) => ({
    ...(viewer === undefined ? record : seenBy(viewer, record)),
    state: record.end !== undefined ? "ended" : deps.host.isAlive(record.holder) ? "running" : "killed",
    forOther: actedForOther(record),
  }));
}

/**
 * A name is that of the box which has it now, else of the one which had it last, and of all boxes that its owner had by
 * that name before. It goes by their ids from there on: the name may have been another's in between.
 */
function boxOf({ ledger, caller }: Deps, word: string, viewer: string | undefined): AuditFilter["box"] {
  const now = ledger.boxByName(word) ?? ledger.boxById(word);
  const box = now && mayUse(caller, now.owner) ? now : ledger.auditedBox(word, viewer);
  if (box === undefined) return { name: word };
  return { ids: box.id === word ? [word] : [box.id, ...ledger.auditedBoxes(word, box.owner)] };
}
