import type { BoxPolicy, ScheduleRecord } from "../../core/lifecycle/records.ts";
import type { ActivityRecords, PolicyRecords, ScheduleRecords } from "../../ports/lifecycle-records.ts";
import type { LedgerCore } from "./ledger.ts";

type LifecycleCalls = ScheduleRecords & PolicyRecords & ActivityRecords;

/** Schedules, owners' choices, and when boxes were used last. */
export function lifecycleCalls(core: LedgerCore): LifecycleCalls {
  return {
    schedules: () => core.query("SELECT * FROM schedules").map((row) => scheduleFrom(row)),
    scheduleOf: (boxId) => {
      const row = core.query("SELECT * FROM schedules WHERE box_id = ?", boxId)[0];
      return row === undefined ? undefined : scheduleFrom(row);
    },
    setSchedule: ({ boxId, start, stop, zone, handledAt }) => {
      core.query(
        "INSERT OR REPLACE INTO schedules (box_id, start, stop, zone, handled_at) VALUES (?, ?, ?, ?, ?)",
        ...[boxId, start ?? null, stop ?? null, zone, handledAt],
      );
    },
    clearSchedule: (boxId) => {
      core.query("DELETE FROM schedules WHERE box_id = ?", boxId);
    },
    handleSchedule: (boxId, at) => {
      core.query("UPDATE schedules SET handled_at = ? WHERE box_id = ?", at, boxId);
    },

    policies: () => {
      const rows = core.query("SELECT * FROM policies");
      return new Map(rows.map((row) => [row.box_id as string, policyFrom(row.policy as string)]));
    },
    setPolicy: (boxId, policy) => {
      core.query("INSERT OR REPLACE INTO policies (box_id, policy) VALUES (?, ?)", boxId, JSON.stringify(policy));
    },

    samples: () =>
      core
        .query("SELECT * FROM samples")
        .map((row) => ({ boxId: row.box_id as string, at: row.at as number, data: row.data as string })),
    setSample: ({ boxId, at, data }) => {
      core.query(
        // The box may be gone meanwhile, and this must not be what a look fails at.
        "INSERT OR REPLACE INTO samples (box_id, at, data) SELECT id, ?, ? FROM boxes WHERE id = ?",
        ...[at, data, boxId],
      );
    },
    touch: (boxId, at, by) => {
      core.query(
        "UPDATE boxes SET last_used_at = ?, last_used_by = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
        ...[at, by, boxId, at],
      );
    },
  };
}

function scheduleFrom(row: Record<string, unknown>): ScheduleRecord {
  return {
    boxId: row.box_id as string,
    start: (row.start as string | null) ?? undefined,
    stop: (row.stop as string | null) ?? undefined,
    zone: row.zone as string,
    handledAt: row.handled_at as number,
  };
}

function policyFrom(json: string): BoxPolicy {
  const { stopAfterIdle, destroyAfterStopped } = JSON.parse(json) as Partial<BoxPolicy>;
  return { stopAfterIdle, destroyAfterStopped };
}
