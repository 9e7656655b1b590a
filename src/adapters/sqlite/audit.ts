import { AUDIT_KEPT, type AuditBegin, type AuditedBox, type AuditRecord } from "../../core/audit.ts";
import type { Via } from "../../core/caller.ts";
import { DAY, type Millis } from "../../core/time.ts";
import type { AuditFilter, Ledger } from "../../ports/ledger.ts";
import type { LedgerCore } from "./ledger.ts";
import { FREE_AUDIT, KEEP_AUDIT } from "./migrations.ts";

type AuditCalls = Pick<Ledger, "beginAudit" | "endAudit" | "audit" | "openAudit" | "auditedBox" | "auditedBoxes">;
type Row = Record<string, unknown>;

/** After how many records it is looked whether there are too many. */
const LOOK_EVERY = 1000;

/** A box is known from the end on when it came into being in between; one that was handed over has a later owner, too. */
const RECORDS = `SELECT a.*, e.id AS ended, e.exit_code, e.error, e.duration,
    coalesce(e.box_name, a.box_name) AS name, coalesce(e.box_id, a.box_id) AS box, coalesce(a.box_owner, e.box_owner) AS owner,
    e.box_owner AS later_owner
  FROM audit a LEFT JOIN audit_ends e ON e.id = a.id`;

/**
 * What a user may see: what they did, and what was done to boxes that were theirs then or by then, by those who may do so.
 * What others tried and were refused is for administrators.
 */
const SEEN = "(user = ? OR (admin = 1 AND ? IN (owner, later_owner)))";

/** The audit log. */
export function auditCalls(core: LedgerCore): AuditCalls {
  return {
    beginAudit: (begin) => {
      const id = insert(core, begin);
      if (id % LOOK_EVERY === 0) dropOldest(core, begin.at);
      return id;
    },
    endAudit: (id, { exitCode, error, duration, box }) => {
      const values = [id, exitCode, error ?? null, Math.round(duration), ...boxColumns(box)];
      core.query("INSERT INTO audit_ends VALUES (?, ?, ?, ?, ?, ?, ?)", ...values);
    },
    audit: (filter) => {
      const { where, values } = conditions(filter);
      const sql = `SELECT * FROM (${RECORDS}) ${where} ORDER BY id DESC LIMIT ?`;
      return core
        .query(sql, ...values, filter.limit)
        .map(recordFrom)
        .reverse();
    },
    openAudit: (user) =>
      core.query(`SELECT * FROM (${RECORDS}) WHERE user = ? AND ended IS NULL ORDER BY id`, user).map(recordFrom),
    auditedBox: (word, viewer) => {
      const seen = viewer === undefined ? [] : [viewer];
      const sql = `SELECT box, owner FROM (${RECORDS}) WHERE (name = ? OR box = ?) AND box IS NOT NULL ${seen.map(() => "AND owner = ?").join("")}
        ORDER BY id DESC LIMIT 1`;
      const row = core.query(sql, word, word, ...seen)[0];
      return row === undefined ? undefined : { id: row.box as string, owner: row.owner as string };
    },
    auditedBoxes: (name, owner) =>
      core
        .query(`SELECT DISTINCT box FROM (${RECORDS}) WHERE name = ? AND owner = ? AND box IS NOT NULL`, name, owner)
        .map(({ box }) => box as string),
  };
}

function insert(core: LedgerCore, begin: AuditBegin): number {
  const { at, user, via, address, admin, command, box, what, holder } = begin;
  const [row] = core.query(
    `INSERT INTO audit (at, user, via, address, admin, command, box_name, box_id, box_owner, what, pid, start_ticks, boot_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    ...[at, user, via, address ?? null, admin ? 1 : 0, command, ...boxColumns(box), what ?? null],
    ...[holder.pid, holder.startTicks, holder.bootId],
  );
  return Number(row?.id);
}

function boxColumns(box: AuditedBox | undefined): (string | null)[] {
  return [box?.name ?? null, box?.id ?? null, box?.owner ?? null];
}

function conditions({ viewer, user, box, since }: AuditFilter): { where: string; values: (string | number)[] } {
  const parts: [string, ...(string | number)[]][] = [];
  if (viewer !== undefined) parts.push([SEEN, viewer, viewer]);
  if (user !== undefined) parts.push(["user = ?", user]);
  if (since !== undefined) parts.push(["at >= ?", since]);
  if (box !== undefined) parts.push(oneOf(box));
  return {
    where: parts.length === 0 ? "" : `WHERE ${parts.map(([sql]) => sql).join(" AND ")}`,
    values: parts.flatMap(([, ...values]) => values),
  };
}

function oneOf(box: NonNullable<AuditFilter["box"]>): [string, string] {
  if ("name" in box) return ["name = ?", box.name];
  return ["box IN (SELECT value FROM json_each(?))", JSON.stringify(box.ids)];
}

function recordFrom(row: Row): AuditRecord {
  const text = (column: string) => (row[column] as string | null) ?? undefined;
  const name = text("name");
  const isOpen = row.ended === null;
  return {
    id: row.id as number,
    at: row.at as number,
    user: row.user as string,
    via: row.via as Via,
    address: text("address"),
    admin: row.admin === 1,
    command: row.command as string,
    box: name === undefined ? undefined : { name, id: text("box"), owner: text("owner") },
    what: text("what"),
    holder: { pid: row.pid as number, startTicks: row.start_ticks as string, bootId: row.boot_id as string },
    end: isOpen
      ? undefined
      : { exitCode: row.exit_code as number, error: text("error"), duration: row.duration as number },
  };
}

/** The only place that takes records out of the audit log; their guard is down for this one transaction. */
function dropOldest(core: LedgerCore, now: Millis): void {
  core.transaction(() => {
    core.db.exec(FREE_AUDIT);
    core.query(
      `DELETE FROM audit WHERE at < ? OR id IN (
         SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY user ORDER BY id DESC) AS place FROM audit)
         WHERE place > ?)`,
      now - AUDIT_KEPT.days * DAY,
      AUDIT_KEPT.perUser,
    );
    core.db.exec(KEEP_AUDIT);
  });
}
