import type { BoxRecord } from "../../core/box.ts";
import { nameTaken } from "../../core/refusals.ts";
import { checkCounts, checkDisk, checkReserve, type Usage } from "../../core/limits.ts";
import type { BoxChange, Ledger, NewBox, SlotRequest } from "../../ports/ledger.ts";
import type { LedgerCore } from "./ledger.ts";
import { boxFrom, SELECT_BOX, columnsOf, leaseFrom } from "./rows.ts";

type RegistryCalls = Pick<Ledger, "boxes" | "boxByName" | "boxById" | "update" | "adopt" | "remove">;

/** The registry of boxes: names, owners, states. */
export function registryCalls(core: LedgerCore): RegistryCalls {
  const one = (column: "id" | "name", value: string): BoxRecord | undefined => {
    const row = core.query(`${SELECT_BOX} WHERE boxes.${column} = ?`, value)[0];
    return row === undefined ? undefined : boxFrom(row);
  };
  return {
    boxes: () => core.query(`${SELECT_BOX} ORDER BY name`).map((row) => boxFrom(row)),
    boxByName: (name) => one("name", name),
    boxById: (id) => one("id", id),
    update: (boxId, change) => {
      applyChange(core, boxId, change);
    },
    adopt: (box) => {
      core.transaction(() => {
        const taken = core.query("SELECT id FROM boxes WHERE id = ? OR name = ?", box.id, box.name);
        // Two doctors may find the same box, and the other one was faster.
        if (taken.some((row) => row.id === box.id)) return;
        if (taken.length > 0) throw nameTaken(box.name, box.owner);
        insertBox(core, box, "ready");
        applyChange(core, box.id, {
          ...(box.containerId === undefined ? {} : { containerId: box.containerId }),
          ...(box.stoppedAt === undefined ? {} : { stoppedAt: box.stoppedAt }),
          ...(box.lastUsedAt === undefined ? {} : { lastUsed: { at: box.lastUsedAt, by: "unknown" } }),
        });
      });
    },
    remove: (boxId) => {
      core.transaction(() => {
        removeBox(core, boxId);
      });
    },
  };
}

export function insertBox(core: LedgerCore, box: NewBox, phase: BoxRecord["phase"]): void {
  core.query(
    "INSERT INTO boxes (id, name, owner, phase, desired, spec, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    box.id,
    box.name,
    box.owner,
    phase,
    box.desired,
    JSON.stringify(box.spec),
    box.createdAt,
  );
}

/** Takes a box and all that hangs on it out of the ledger; to be called inside a transaction. */
export function removeBox(core: LedgerCore, boxId: string): void {
  core.query("DELETE FROM operations WHERE box_id = ?", boxId);
  core.query("DELETE FROM leases WHERE box_id = ?", boxId);
  // Devices outlive their boxes until they are proven gone.
  core.query("UPDATE devices SET state = 'leaving' WHERE box_id = ?", boxId);
  core.query("DELETE FROM boxes WHERE id = ?", boxId);
}

export function applyChange(core: LedgerCore, boxId: string, change: BoxChange): void {
  const columns = columnsOf(change);
  const names = Object.keys(columns);
  if (names.length === 0) return;
  const assignments = names.map((name) => `${name} = ?`).join(", ");
  core.query(`UPDATE boxes SET ${assignments} WHERE id = ?`, ...Object.values(columns), boxId);
  if (change.owner !== undefined) handVolumes(core, boxId, change.owner);
}

/** A box's volumes are whose the box is; what was kept of an earlier one as well. */
function handVolumes(core: LedgerCore, boxId: string, owner: string): void {
  core.query(
    `INSERT INTO volumes
       SELECT volume.value, ? FROM boxes box, json_each(json_array(box.spec ->> 'home', box.spec ->> 'private')) volume
       WHERE box.id = ? ON CONFLICT (name) DO UPDATE SET owner = excluded.owner`,
    ...[owner, boxId],
  );
}

/**
 * Checks counts and reserves for one more running box; to be called inside the transaction that takes them.
 * @param box the box that wants the slot; it does not count itself.
 * @param entering whether it is new: then it takes a slot of existing boxes as well.
 * @throws {DevboxError} LIMIT_PER_USER, LIMIT_GLOBAL, HOST_MEMORY, HOST_DISK
 */
export function checkSlot(
  core: LedgerCore,
  box: Pick<BoxRecord, "id" | "owner" | "desired"> & { memory: number },
  entering: boolean,
  slot: SlotRequest,
): void {
  const { config } = core.options;
  const takesSlot = config.limits.counts === "existing" ? entering : box.desired === "running";
  const usage = usageWithout(core, box.id, box.owner);
  if (takesSlot) checkCounts(config, box.owner, usage, slot.asker);
  if (box.desired === "running") checkReserve(config.limits, box.memory, slot.free(), usage.promised);
  else checkDisk(config.limits, slot.free());
}

function usageWithout(core: LedgerCore, boxId: string, owner: string): Usage {
  const counted = core.options.config.limits.counts === "existing" ? "" : "AND desired = 'running'";
  // A hand-over may be undone yet, so the slot is kept with the one who gives, and taken with the one who gets.
  const rows = core.query(
    `SELECT b.name, b.owner, o.input ->> 'from' AS giver FROM boxes b LEFT JOIN operations o ON o.box_id = b.id
       WHERE b.id <> ? ${counted} ORDER BY b.name`,
    boxId,
  );
  const mine = rows.filter((row) => row.owner === owner || row.giver === owner).map((row) => String(row.name));
  // A box that is starting does not use its memory yet: what it may use is promised to it,
  // as long as the process that starts it lives.
  const starting = core
    .query(
      `SELECT l.*, b.spec ->> 'memory' AS memory
       FROM boxes b JOIN operations o ON o.box_id = b.id JOIN leases l ON l.box_id = b.id
       WHERE b.id <> ? AND b.desired = 'running' AND o.kind IN ('create', 'start', 'restart', 'recreate', 'rebuild', 'hand-over')`,
      boxId,
    )
    .filter((row) => core.options.isAlive(leaseFrom(row).holder));
  return {
    owner: mine.length,
    global: rows.length,
    ownerNames: mine,
    promised: starting.reduce((sum, row) => sum + Number(row.memory), 0),
  };
}
