import type { BoxRecord, DesiredState, Phase } from "../../core/box.ts";
import type { BoxDevice } from "../../core/device.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import type { LeaseRecord, OperationInput, OperationKind, OperationRecord, StepRecord } from "../../core/operation.ts";
import { specText } from "../../core/spec-text.ts";
import type { BoxChange } from "../../ports/ledger.ts";

type Row = Record<string, unknown>;

/** A box with its device; to be followed by a WHERE that names columns of `boxes`. */
export const SELECT_BOX = `SELECT boxes.*, node_id, node_key, dns_name, addresses, tags FROM boxes
  LEFT JOIN devices ON devices.box_id = boxes.id AND devices.state = 'joined'`;

/** A row of {@link SELECT_BOX}; the table's own checks guarantee the unions. */
export function boxFrom(row: Row): BoxRecord {
  return {
    id: row.id as string,
    name: row.name as string,
    owner: row.owner as string,
    phase: row.phase as Phase,
    desired: row.desired as DesiredState,
    spec: specText(row.spec as string),
    containerId: (row.container_id as string | null) ?? undefined,
    createdAt: row.created_at as number,
    stoppedAt: (row.stopped_at as number | null) ?? undefined,
    lastUsedAt: (row.last_used_at as number | null) ?? undefined,
    lastUsedBy: (row.last_used_by as string | null) ?? undefined,
    device: deviceOf(row),
  };
}

function deviceOf({ node_id: nodeId, node_key: nodeKey, ...row }: Row): BoxDevice | undefined {
  if (typeof nodeId !== "string" || typeof nodeKey !== "string") return undefined;
  return { identity: { nodeId, nodeKey }, dnsName: row.dns_name as string, ...listsOf(row) };
}

/** Columns that hold lists as JSON. */
export function listsOf(row: Row): { addresses: string[]; tags: string[] } {
  return {
    addresses: JSON.parse(row.addresses as string) as string[],
    tags: JSON.parse(row.tags as string) as string[],
  };
}

export function operationFrom(row: Row, steps: readonly StepRecord[]): OperationRecord {
  return {
    id: row.id as string,
    boxId: row.box_id as string,
    kind: row.kind as OperationKind,
    input: inputFrom(row.input as string),
    startedAt: row.started_at as number,
    steps,
    error: (row.error as string | null) ?? undefined,
  };
}

function inputFrom(json: string): OperationInput {
  try {
    return JSON.parse(json) as OperationInput;
  } catch (error) {
    throw new DevboxError("LEDGER_CORRUPT", "the journal of an operation cannot be read.", {
      why: messageOf(error),
      next: ["devbox-ctl doctor"],
      cause: error,
    });
  }
}

export function leaseFrom(row: Row): LeaseRecord {
  return {
    boxId: row.box_id as string,
    holder: { pid: row.pid as number, startTicks: row.start_ticks as string, bootId: row.boot_id as string },
    command: row.command as string,
    user: row.user as string,
    takenAt: row.taken_at as number,
  };
}

/** Column assignments for a change; undefined leaves a column as it is. */
export function columnsOf(change: BoxChange): Record<string, string | number | null> {
  const columns: Record<string, string | number | null | undefined> = {
    phase: change.phase,
    owner: change.owner,
    desired: change.desired,
    container_id: change.containerId,
    spec: change.spec === undefined ? undefined : JSON.stringify(change.spec),
    stopped_at: change.stoppedAt,
    last_used_at: change.lastUsed?.at,
    last_used_by: change.lastUsed?.by,
  };
  return Object.fromEntries(
    Object.entries(columns).filter((entry): entry is [string, string | number | null] => entry[1] !== undefined),
  );
}
