import { DevboxError } from "../../core/errors.ts";
import { ago } from "../../core/time.ts";
import type { Ledger, LeaseRequest } from "../../ports/ledger.ts";
import type { LedgerCore } from "./ledger.ts";
import { leaseFrom } from "./rows.ts";

type LeaseCalls = Pick<Ledger, "takeLease" | "releaseLease" | "leaseOn" | "leases" | "dropLease">;

/** Leases: who may change a box right now. */
export function leaseCalls(core: LedgerCore): LeaseCalls {
  const leaseOn = (boxId: string) => {
    const row = core.query("SELECT * FROM leases WHERE box_id = ?", boxId)[0];
    return row === undefined ? undefined : leaseFrom(row);
  };
  return {
    takeLease: (boxId, request) => {
      core.transaction(() => {
        const box = core.query("SELECT name FROM boxes WHERE id = ?", boxId)[0];
        if (box === undefined) throw new DevboxError("BOX_NOT_FOUND", "the box is gone.");
        const held = leaseOn(boxId);
        if (held && core.options.isAlive(held.holder)) {
          throw new DevboxError("BUSY", `another command is working on ${String(box.name)}.`, {
            why: `${held.command}, by ${held.user}, process ${String(held.holder.pid)}, since ${ago(held.takenAt, request.now)}.`,
            next: ["Try again when it is done"],
          });
        }
        storeLease(core, boxId, request);
      });
    },
    releaseLease: (boxId, holder) => {
      const { pid, startTicks, bootId } = holder;
      const sql = "DELETE FROM leases WHERE box_id = ? AND pid = ? AND start_ticks = ? AND boot_id = ?";
      core.query(sql, boxId, pid, startTicks, bootId);
    },
    leaseOn,
    leases: () => core.query("SELECT * FROM leases").map((row) => leaseFrom(row)),
    dropLease: (boxId) => {
      core.query("DELETE FROM leases WHERE box_id = ?", boxId);
    },
  };
}

/** Writes a lease; to be called inside the transaction that found it free. */
export function storeLease(core: LedgerCore, boxId: string, { holder, command, caller, now }: LeaseRequest): void {
  core.query(
    "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?)",
    boxId,
    holder.pid,
    holder.startTicks,
    holder.bootId,
    command,
    caller.user,
    now,
  );
}
