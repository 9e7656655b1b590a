import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import type { ArchiveRecords } from "../../ports/lifecycle-records.ts";
import type { LedgerCore } from "./ledger.ts";

/** Column of each field that can change or is entered. */
const COLUMN = {
  boxId: "box_id",
  boxName: "box_name",
  owner: "owner",
  spec: "spec",
  state: "state",
  reason: "reason",
  createdAt: "created_at",
  expiresAt: "expires_at",
  size: "size",
  contentSize: "content_size",
  entries: "entries",
  sha256: "sha256",
  unpushed: "unpushed",
} as const satisfies Record<keyof Omit<ArchiveRecord, "id">, string>;

type Field = keyof typeof COLUMN;

/** Homes that were put away. */
export function archiveCalls(core: LedgerCore): ArchiveRecords {
  return {
    archives: () => core.query("SELECT * FROM archives ORDER BY created_at, id").map((row) => archiveFrom(row)),
    archiveById: (id) => {
      const row = core.query("SELECT * FROM archives WHERE id = ?", id)[0];
      return row === undefined ? undefined : archiveFrom(row);
    },
    hasArchiveOf: (boxName, owner) => {
      const isMeant = "box_name = ? AND state = 'complete'";
      const rows =
        owner === undefined
          ? core.query(`SELECT 1 FROM archives WHERE ${isMeant} LIMIT 1`, boxName)
          : core.query(`SELECT 1 FROM archives WHERE owner = ? AND ${isMeant} LIMIT 1`, owner, boxName);
      return rows.length > 0;
    },
    addArchive: (archive) => {
      const fields = Object.keys(COLUMN) as Field[];
      core.query(
        `INSERT INTO archives (id, ${fields.map((field) => COLUMN[field]).join(", ")})
           VALUES (?, ${fields.map(() => "?").join(", ")})`,
        ...[archive.id, ...fields.map((field) => value(archive[field]))],
      );
    },
    updateArchive: (id, change) => {
      const fields = (Object.keys(COLUMN) as Field[]).filter((field) => field in change);
      if (fields.length === 0) return;
      core.query(
        `UPDATE archives SET ${fields.map((field) => `${COLUMN[field]} = ?`).join(", ")} WHERE id = ?`,
        ...[...fields.map((field) => value(change[field])), id],
      );
    },
    removeArchive: (id) => {
      core.query("DELETE FROM archives WHERE id = ?", id);
    },
  };
}

function value(held: string | number | readonly string[] | undefined): string | number | null {
  return held === undefined ? null : typeof held === "object" ? JSON.stringify(held) : held;
}

function archiveFrom(row: Record<string, unknown>): ArchiveRecord {
  return {
    id: row.id as string,
    boxId: row.box_id as string,
    boxName: row.box_name as string,
    owner: row.owner as string,
    spec: row.spec as string,
    state: row.state as ArchiveRecord["state"],
    reason: row.reason as string,
    createdAt: row.created_at as number,
    expiresAt: (row.expires_at as number | null) ?? undefined,
    size: row.size as number,
    contentSize: row.content_size as number,
    entries: row.entries as number,
    sha256: row.sha256 as string,
    unpushed: JSON.parse(row.unpushed as string) as string[],
  };
}
