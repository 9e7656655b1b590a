import type { BoxDevice } from "./device.ts";
import type { BoxSpec } from "./spec.ts";
import type { Millis } from "./time.ts";

/** What the box's owner wants it to be; written before it is acted on, and what `resume` goes by. */
export type DesiredState = "running" | "stopped";

/** How far a box is in its life as far as the ledger knows. Only a `ready` box can be used. */
export type Phase = "creating" | "ready" | "destroying";

/** A box as the ledger has it. */
export interface BoxRecord {
  /** Eight lower-case letters and digits, never reused; names are, ids are not. */
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly phase: Phase;
  readonly desired: DesiredState;
  readonly spec: BoxSpec;
  /** The engine's full id of the container, absent until it was made. */
  readonly containerId: string | undefined;
  readonly createdAt: Millis;
  readonly stoppedAt: Millis | undefined;
  readonly lastUsedAt: Millis | undefined;
  /** Which signal the last use came from, such as `ssh`, `exec` or `start`. */
  readonly lastUsedBy: string | undefined;
  /** Its device on the tailnet, as it was recorded at its last login. */
  readonly device: BoxDevice | undefined;
}

/**
 * What a person is told a box is. `gone`: the ledger has it, its container was removed by other hands.
 * `unregistered`: its container exists, the ledger does not know it.
 */
export type BoxState =
  | "running"
  | "stopped"
  | "paused"
  | "starting"
  | "stopping"
  | "creating"
  | "destroying"
  | "gone"
  | "unregistered"
  | "unknown";

/** The container's state in the engine's words, reduced to what matters here. */
export type ContainerState = "created" | "running" | "exited" | "paused" | "starting" | "stopping" | "unknown";

/** What a box is, from what the ledger and the engine say of it. */
export function boxState(phase: Phase, container: ContainerState | undefined): BoxState {
  if (phase !== "ready") return phase;
  switch (container) {
    case undefined:
      return "gone";
    case "created":
    case "exited":
      return "stopped";
    default:
      return container;
  }
}
