import type { DeliveryRecord, NoticeRecord } from "../../core/lifecycle/records.ts";
import type { NoticeRecords } from "../../ports/lifecycle-records.ts";
import { MINUTE } from "../../core/time.ts";
import type { LedgerCore } from "./ledger.ts";

type Row = Record<string, unknown>;

/** What people have to be told, and how far it got. */
export function noticeCalls(core: LedgerCore): NoticeRecords {
  return {
    notices: ({ owner, boxId, since }) => {
      const conditions: readonly (readonly [sql: string, value: string | number | undefined])[] = [
        ["owner = ?", owner],
        ["box_id = ?", boxId],
        ["(kind IN ('stop', 'destroy') OR created_at >= ?)", since],
      ];
      // Only what is asked for, or the indexes would be of no use.
      const asked = conditions.filter(([, value]) => value !== undefined);
      const where = ["withdrawn_at IS NULL", ...asked.map(([sql]) => sql)].join(" AND ");
      return found(core, where, ...asked.map(([, value]) => value ?? null));
    },
    noticeById: (id) => found(core, "id = ?", id)[0],
    addNotice: (notice) => core.transaction(() => addNotice(core, notice)),
    withdrawNotices: (boxId, kinds, at) => {
      core.query(
        `UPDATE notices SET withdrawn_at = ? WHERE box_id = ? AND withdrawn_at IS NULL
           AND kind IN (SELECT value FROM json_each(?))`,
        ...[at, boxId, JSON.stringify(kinds)],
      );
    },
    withdrawNotice: (id, at) => {
      core.query("UPDATE notices SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL", at, id);
    },
    claimDelivery: (noticeId, channel, attempts, at) => {
      const rows = core.query(
        `INSERT INTO deliveries (notice_id, channel, attempts, tried_at)
           SELECT id, ?, 1, ? FROM notices WHERE id = ? AND withdrawn_at IS NULL
           ON CONFLICT DO UPDATE SET attempts = attempts + 1, tried_at = excluded.tried_at
             WHERE attempts = ? AND delivered_at IS NULL
           RETURNING notice_id`,
        ...[channel, at, noticeId, attempts],
      );
      return rows.length > 0;
    },
    recordDelivery: (noticeId, { channel, attempts, triedAt, deliveredAt, problem }) => {
      core.query(
        `INSERT OR REPLACE INTO deliveries (notice_id, channel, attempts, tried_at, delivered_at, problem)
           SELECT id, ?, ?, ?, ?, ? FROM notices WHERE id = ?`,
        ...[channel, attempts, triedAt ?? null, deliveredAt ?? null, problem ?? null, noticeId],
      );
    },
    dropNotices: (before) => {
      core.query("DELETE FROM notices WHERE created_at < ?", before);
    },
    deliveredAt: (boxId, kind, stage, since) => {
      const row = core.query(
        `SELECT min(delivered_at) AS at FROM deliveries JOIN notices ON notices.id = notice_id
           WHERE box_id = ? AND kind = ? AND stage = ? AND since = ? AND withdrawn_at IS NULL`,
        ...[boxId, kind, stage, since],
      )[0];
      return (row?.at as number | null) ?? undefined;
    },
  };
}

/** Two reapers that enter the same notice do so within this time. */
const TOGETHER = MINUTE;

function addNotice(core: LedgerCore, notice: Parameters<NoticeRecords["addNotice"]>[0]): number {
  const { boxId, boxName, owner, kind, stage, since, deadline, subject, body, createdAt } = notice;
  // A warning that is asked for once more is a new one: that was withdrawn, or told of another end under another policy,
  // and nobody may be taken for told of this one because that was delivered.
  core.query(
    `DELETE FROM notices WHERE box_id = ? AND kind = ? AND stage = ? AND since = ? AND kind IN ('stop', 'destroy')
       AND (withdrawn_at IS NOT NULL OR created_at < ?)`,
    ...[boxId, kind, stage, since, createdAt - TOGETHER],
  );
  const rows = core.query(
    `INSERT INTO notices (box_id, box_name, owner, kind, stage, since, deadline, subject, body, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (box_id, kind, stage, since) DO UPDATE SET withdrawn_at = NULL RETURNING id`,
    ...[boxId, boxName, owner, kind, stage, since, deadline ?? null, subject, body, createdAt],
  );
  return Number(rows[0]?.id);
}

/** One query where there is none to be found, as at most commands. */
function found(core: LedgerCore, where: string, ...values: (string | number | null)[]): NoticeRecord[] {
  const rows = core.query(`SELECT * FROM notices WHERE ${where} ORDER BY id`, ...values);
  if (rows.length === 0) return [];
  const ids = JSON.stringify(rows.map((row) => row.id));
  const deliveries = Map.groupBy(
    core.query("SELECT * FROM deliveries WHERE notice_id IN (SELECT value FROM json_each(?))", ids),
    (row) => row.notice_id as number,
  );
  return rows.map((row) => noticeFrom(row, deliveries.get(row.id as number) ?? []));
}

function noticeFrom(row: Row, deliveries: readonly Row[]): NoticeRecord {
  return {
    id: row.id as number,
    boxId: row.box_id as string,
    boxName: row.box_name as string,
    owner: row.owner as string,
    kind: row.kind as NoticeRecord["kind"],
    stage: row.stage as NoticeRecord["stage"],
    since: row.since as number,
    deadline: (row.deadline as number | null) ?? undefined,
    subject: row.subject as string,
    body: row.body as string,
    createdAt: row.created_at as number,
    withdrawnAt: (row.withdrawn_at as number | null) ?? undefined,
    deliveries: deliveries.map((each) => deliveryFrom(each)),
  };
}

function deliveryFrom(row: Row): DeliveryRecord {
  return {
    channel: row.channel as string,
    attempts: row.attempts as number,
    triedAt: (row.tried_at as number | null) ?? undefined,
    deliveredAt: (row.delivered_at as number | null) ?? undefined,
    problem: (row.problem as string | null) ?? undefined,
  };
}
