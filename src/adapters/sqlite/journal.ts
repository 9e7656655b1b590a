import type { OperationRecord } from "../../core/operation.ts";
import { homeInUse, nameTaken } from "../../core/refusals.ts";
import type { Ledger, OperationStart } from "../../ports/ledger.ts";
import { DevboxError } from "../../core/errors.ts";
import type { LedgerCore } from "./ledger.ts";
import { storeLease } from "./leases.ts";
import { applyChange, checkSlot, insertBox, removeBox } from "./registry.ts";
import { boxFrom, operationFrom, SELECT_BOX } from "./rows.ts";

type JournalCalls = Pick<
  Ledger,
  | "reserve"
  | "begin"
  | "beginStep"
  | "endStep"
  | "amendOperation"
  | "failOperation"
  | "finish"
  | "operations"
  | "operationOn"
>;

/** The journal of unfinished operations. */
export function journalCalls(core: LedgerCore): JournalCalls {
  const operationsWhere = (where: string, ...values: string[]): OperationRecord[] =>
    core.query(`SELECT * FROM operations ${where} ORDER BY started_at`, ...values).map((row) => {
      const steps = core.query("SELECT name, done FROM steps WHERE operation_id = ? ORDER BY rowid", row.id as string);
      return operationFrom(
        row,
        steps.map((step) => ({ name: String(step.name), done: step.done === 1 })),
      );
    });

  return {
    reserve: (box, operation, lease, slot) => {
      core.transaction(() => {
        if (core.query("SELECT 1 FROM boxes WHERE name = ?", box.name).length > 0) throw nameTaken(box.name, box.owner);
        const [tenant] = core.query("SELECT name, owner FROM boxes WHERE spec ->> 'home' = ?", box.spec.home);
        if (tenant !== undefined) {
          throw homeInUse(box.spec.home, tenant.owner === box.owner ? String(tenant.name) : undefined);
        }
        checkSlot(core, { ...box, memory: box.spec.memory }, true, slot);
        insertBox(core, box, "creating");
        insertOperation(core, box.id, operation);
        storeLease(core, box.id, lease);
      });
    },

    begin: (boxId, operation, change, slot) => {
      core.transaction(() => {
        const row = core.query(`${SELECT_BOX} WHERE boxes.id = ?`, boxId)[0];
        if (row === undefined) throw new DevboxError("BOX_NOT_FOUND", "the box is gone.");
        const box = boxFrom(row);
        const desired = change.desired ?? box.desired;
        const { id, spec } = box;
        const owner = change.owner ?? box.owner;
        // For somebody else it is one box more.
        const isNew = owner !== box.owner;
        if (slot) checkSlot(core, { id, owner, desired, memory: spec.memory }, isNew, slot);
        insertOperation(core, boxId, operation);
        applyChange(core, boxId, change);
      });
    },

    beginStep: (operationId, step) => {
      core.query("INSERT INTO steps VALUES (?, ?, 0) ON CONFLICT DO NOTHING", operationId, step);
    },

    endStep: (operationId, step, boxId, change = {}) => {
      core.transaction(() => {
        core.query("UPDATE steps SET done = 1 WHERE operation_id = ? AND name = ?", operationId, step);
        applyChange(core, boxId, change);
      });
    },

    amendOperation: (operationId, input) => {
      core.query("UPDATE operations SET input = ? WHERE id = ?", JSON.stringify(input), operationId);
    },

    failOperation: (operationId, error) => {
      core.query("UPDATE operations SET error = ? WHERE id = ?", error, operationId);
    },

    finish: (operationId, boxId, outcome) => {
      core.transaction(() => {
        core.query("DELETE FROM operations WHERE id = ?", operationId);
        if (outcome === "remove") removeBox(core, boxId);
        else applyChange(core, boxId, outcome);
      });
    },

    operations: () => operationsWhere(""),
    operationOn: (boxId) => operationsWhere("WHERE box_id = ?", boxId)[0],
  };
}

function insertOperation(core: LedgerCore, boxId: string, operation: OperationStart): void {
  core.query(
    "INSERT INTO operations (id, box_id, kind, input, started_at) VALUES (?, ?, ?, ?, ?)",
    operation.id,
    boxId,
    operation.kind,
    JSON.stringify(operation.input),
    operation.now,
  );
}
