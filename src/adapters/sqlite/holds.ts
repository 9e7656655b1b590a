import type { HoldRecord } from "../../core/lifecycle/records.ts";
import type { HoldRecords } from "../../ports/lifecycle-records.ts";
import type { LedgerCore } from "./ledger.ts";

/** Holds: why boxes are kept as they are. */
export function holdCalls(core: LedgerCore): HoldRecords {
  return {
    holds: (boxId) => {
      // Of those that are over, the last one of each box says since when it is not held.
      const rows = core.query(
        `SELECT * FROM holds h WHERE (? IS NULL OR box_id = ?)
           AND (ended_at IS NULL OR id = (SELECT id FROM holds WHERE box_id = h.box_id AND ended_at IS NOT NULL
             ORDER BY ended_at DESC, id DESC LIMIT 1))
         ORDER BY id`,
        ...[boxId ?? null, boxId ?? null],
      );
      return rows.map((row) => holdFrom(row));
    },
    addHold: ({ boxId, until, by, reason, createdAt, holder }) => {
      const rows = core.query(
        `INSERT INTO holds (box_id, until, by, reason, created_at, pid, start_ticks, boot_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
        ...[boxId, until, by, reason, createdAt],
        ...[holder?.pid ?? null, holder?.startTicks ?? null, holder?.bootId ?? null],
      );
      return Number(rows[0]?.id);
    },
    endHold: (id, at) => {
      core.transaction(() => {
        core.query("UPDATE holds SET ended_at = ? WHERE id = ? AND ended_at IS NULL", at, id);
        // Earlier ones say nothing any more, and whoever holds a box again and again must not make every look slow.
        core.query(
          `DELETE FROM holds WHERE box_id = (SELECT box_id FROM holds WHERE id = ?1) AND ended_at IS NOT NULL
             AND id <> (SELECT id FROM holds WHERE box_id = (SELECT box_id FROM holds WHERE id = ?1)
               AND ended_at IS NOT NULL ORDER BY ended_at DESC, id DESC LIMIT 1)`,
          id,
        );
      });
    },
  };
}

function holdFrom(row: Record<string, unknown>): HoldRecord {
  const { pid, start_ticks: startTicks, boot_id: bootId } = row;
  return {
    id: row.id as number,
    boxId: row.box_id as string,
    until: row.until as number,
    by: row.by as string,
    reason: row.reason as string,
    createdAt: row.created_at as number,
    holder:
      pid === null ? undefined : { pid: pid as number, startTicks: startTicks as string, bootId: bootId as string },
    endedAt: (row.ended_at as number | null) ?? undefined,
  };
}
