import type { DeviceRecord, DeviceState } from "../../core/device.ts";
import type { Ledger } from "../../ports/ledger.ts";
import type { LedgerCore } from "./ledger.ts";
import { listsOf } from "./rows.ts";

type DeviceCalls = Pick<
  Ledger,
  "devices" | "devicesOf" | "beginJoin" | "recordDevice" | "addLeaving" | "leaveDevices" | "failDevice" | "dropDevice"
>;

type Row = Record<string, unknown>;

/** Devices of the tailnet, which outlive their boxes until they are proven gone. */
export function deviceCalls(core: LedgerCore): DeviceCalls {
  const where = (clause: string, ...values: (string | number)[]): DeviceRecord[] =>
    core.query(`SELECT * FROM devices ${clause} ORDER BY id`, ...values).map((row) => deviceFrom(row));
  return {
    devices: () => where(""),
    devicesOf: (boxId) => where("WHERE box_id = ?", boxId),

    beginJoin: ({ boxId, boxName, owner, control, hostname }, now) => {
      core.transaction(() => {
        // An earlier login that nobody saw the end of may have made a device that is not this one's.
        core.query("UPDATE devices SET state = 'leaving' WHERE box_id = ? AND state = 'joining'", boxId);
        const unknown = "box_id = ? AND hostname = ? AND control = ? AND node_id IS NULL";
        core.query(
          `DELETE FROM devices WHERE ${unknown} AND id > (SELECT min(id) FROM devices WHERE ${unknown})`,
          ...[boxId, hostname, control, boxId, hostname, control],
        );
        core.query(
          "INSERT INTO devices (box_id, box_name, owner, control, hostname, state, recorded_at) VALUES (?, ?, ?, ?, ?, 'joining', ?)",
          ...[boxId, boxName, owner, control, hostname, now],
        );
      });
    },

    recordDevice: (device, node, now) => {
      core.transaction(() => {
        const { boxId, boxName, owner, control, hostname } = device;
        // What this login was begun with is answered, and whatever was the box's before has to go.
        core.query(
          "DELETE FROM devices WHERE box_id = ? AND hostname = ? AND control = ? AND state = 'joining'",
          ...[boxId, hostname, control],
        );
        // This very device alone: on a control plane that was set up anew, another box's has the same number.
        core.query(
          "DELETE FROM devices WHERE control = ? AND node_id = ? AND (box_id = ? OR node_key = ?)",
          ...[control, node.identity.nodeId, boxId, node.identity.nodeKey],
        );
        core.query("UPDATE devices SET state = 'leaving' WHERE box_id = ?", boxId);
        core.query(
          `INSERT INTO devices (box_id, box_name, owner, control, hostname, state, recorded_at, node_id, node_key, dns_name,
             addresses, tags) VALUES (?, ?, ?, ?, ?, 'joined', ?, ?, ?, ?, ?, ?)`,
          ...[boxId, boxName, owner, control, hostname, now, node.identity.nodeId, node.identity.nodeKey],
          ...[node.dnsName, JSON.stringify(node.addresses), JSON.stringify(node.tags)],
        );
      });
    },

    addLeaving: ({ boxId, boxName, owner, control, hostname }, identity, now) => {
      core.transaction(() => {
        core.query("DELETE FROM devices WHERE box_id = ? AND hostname = ? AND state = 'joining'", boxId, hostname);
        core.query(
          `INSERT INTO devices (box_id, box_name, owner, control, hostname, state, recorded_at, node_id, node_key)
             VALUES (?, ?, ?, ?, ?, 'leaving', ?, ?, ?) ON CONFLICT DO NOTHING`,
          ...[boxId, boxName, owner, control, hostname, now, identity.nodeId, identity.nodeKey],
        );
      });
    },

    leaveDevices: (boxId, hostname) => {
      core.query(
        "UPDATE devices SET state = 'leaving' WHERE box_id = ? AND hostname = coalesce(?, hostname)",
        ...[boxId, hostname ?? null],
      );
    },

    failDevice: (id, problem, now) => {
      core.query(
        "UPDATE devices SET attempts = attempts + 1, tried_at = ?, problem = ? WHERE id = ?",
        now,
        problem,
        id,
      );
    },

    dropDevice: (id) => {
      core.query("DELETE FROM devices WHERE id = ?", id);
    },
  };
}

function deviceFrom(row: Row): DeviceRecord {
  const { node_id: nodeId, node_key: nodeKey } = row;
  return {
    id: row.id as number,
    boxId: row.box_id as string,
    boxName: row.box_name as string,
    owner: row.owner as string,
    control: row.control as string,
    hostname: row.hostname as string,
    state: row.state as DeviceState,
    identity: nodeId === null ? undefined : { nodeId: nodeId as string, nodeKey: nodeKey as string },
    dnsName: row.dns_name as string,
    ...listsOf(row),
    recordedAt: row.recorded_at as number,
    attempts: row.attempts as number,
    triedAt: (row.tried_at as number | null) ?? undefined,
    problem: (row.problem as string | null) ?? undefined,
  };
}
