import type { BoxRecord, ContainerState } from "./box.ts";
import type { ObjectIdentity } from "./labels.ts";

/** What the ledger and the engine say, listed close together. */
export interface Inventory {
  readonly records: readonly BoxRecord[];
  readonly containers: readonly {
    readonly containerId: string;
    readonly identity: ObjectIdentity;
    readonly state: ContainerState;
  }[];
  readonly volumes: readonly { readonly name: string; readonly identity: ObjectIdentity }[];
  /** Ids of boxes that an operation is open on, whether its process lives or not. */
  readonly underWay: ReadonlySet<string>;
}

/** Something in the ledger, or in the engine, without its counterpart. */
export type Mismatch =
  /** A container of ours that the ledger does not know: the ledger was lost, or older than it. */
  | { readonly kind: "unregistered"; readonly id: string; readonly name: string; readonly containerId: string }
  /** The same, but its name belongs to another box in the ledger. */
  | { readonly kind: "name-clash"; readonly id: string; readonly name: string; readonly containerId: string }
  /** A box whose container is gone; its home is there. */
  | { readonly kind: "container-gone"; readonly id: string; readonly name: string }
  /** A box of which nothing is left in the engine: its row only holds a slot. */
  | { readonly kind: "box-gone"; readonly id: string; readonly name: string }
  /** A box whose home is gone though its container is there. */
  | { readonly kind: "home-gone"; readonly id: string; readonly name: string; readonly volume: string }
  /** A private volume of no box. Homes of no box are kept ones, and nobody's mistake. */
  | { readonly kind: "orphan-private"; readonly id: string; readonly name: string; readonly volume: string }
  /** A box that is meant to run and does not. */
  | { readonly kind: "not-running"; readonly id: string; readonly name: string }
  /** A box that is meant to be stopped and runs. */
  | { readonly kind: "not-stopped"; readonly id: string; readonly name: string }
  /** A box that the engine neither runs nor has stopped, with no command at work on it. */
  | { readonly kind: "paused" | "in-between"; readonly id: string; readonly name: string }
  /** A box whose container is another one than the ledger says. */
  | { readonly kind: "other-container"; readonly id: string; readonly name: string; readonly containerId: string };

/**
 * Finds everything without its counterpart. Boxes that an operation is open on are left out:
 * they are between two states, and finishing the operation comes first.
 */
export function reconcile(inventory: Inventory): Mismatch[] {
  return [...recordMismatches(inventory), ...containerMismatches(inventory), ...volumeMismatches(inventory)];
}

function recordMismatches({ records, containers, volumes, underWay }: Inventory): Mismatch[] {
  const byId = new Map(containers.map((container) => [container.identity.id, container]));
  const names = new Set(volumes.map((volume) => volume.name));
  return records.flatMap(({ id, name, spec, desired, containerId }): Mismatch[] => {
    if (underWay.has(id)) return [];
    const container = byId.get(id);
    const homeIsThere = names.has(spec.home);
    if (container === undefined) return [{ kind: homeIsThere ? "container-gone" : "box-gone", id, name }];
    if (!homeIsThere) return [{ kind: "home-gone", id, name, volume: spec.home }];
    if (container.containerId !== containerId)
      return [{ kind: "other-container", id, name, containerId: container.containerId }];
    if (container.state === "paused") return [{ kind: "paused", id, name }];
    if (container.state === "stopping" || container.state === "starting") return [{ kind: "in-between", id, name }];
    const isDown = container.state === "exited" || container.state === "created";
    if (desired === "running" && isDown) return [{ kind: "not-running", id, name }];
    if (desired === "stopped" && container.state === "running") return [{ kind: "not-stopped", id, name }];
    return [];
  });
}

function containerMismatches({ records, containers }: Inventory): Mismatch[] {
  const ids = new Set(records.map((record) => record.id));
  const names = new Set(records.map((record) => record.name));
  return containers
    .filter(({ identity }) => !ids.has(identity.id))
    .map(({ identity, containerId }) => ({
      kind: names.has(identity.name) ? ("name-clash" as const) : ("unregistered" as const),
      id: identity.id,
      name: identity.name,
      containerId,
    }));
}

function volumeMismatches({ records, containers, volumes }: Inventory): Mismatch[] {
  const ids = new Set([...records.map((record) => record.id), ...containers.map((container) => container.identity.id)]);
  return volumes
    .filter(({ identity }) => identity.kind === "private" && !ids.has(identity.id))
    .map(({ name, identity }) => ({
      kind: "orphan-private" as const,
      id: identity.id,
      name: identity.name,
      volume: name,
    }));
}

/** Whether two mismatches are the same one, seen twice. */
export function isSame(a: Mismatch, b: Mismatch): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
