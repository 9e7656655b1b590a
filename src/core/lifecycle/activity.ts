import type { Millis } from "../time.ts";
import type { Hold, LastActivity, Observation } from "./facts.ts";

/** What a look at a box says about its use; what decides about it takes it as it is. */
export interface Seen {
  /** `failed`: what was seen is no proof that nobody uses it. */
  readonly observation: Observation;
  /** Why it failed, in a person's words. */
  readonly problem?: string | undefined;
  /** The newest sign of use that was seen in this look; undefined when there was none. The ledger may know later ones. */
  readonly last?: LastActivity | undefined;
  /** What is true at the moment, as a sentence without its full stop. */
  readonly inUse: string | undefined;
  /** By a file in the box. */
  readonly hold: Hold | undefined;
  /** All signs of it, the newest first. */
  readonly signals?: readonly Signal[];
}

/** One sign of use. */
export interface Signal {
  readonly kind: "terminal" | "connection" | "cpu" | "agent" | "workspace" | "network" | "hold";
  /** Never after the look. */
  readonly at: Millis;
  /** Short, as it is kept with the box: `terminal`, `agent claude`. */
  readonly by: string;
  /** In a person's words. */
  readonly words: string;
}
