import type { Caller } from "../../core/caller.ts";
import type { Boundary } from "../../core/gate/boundary-file.ts";

/**
 * On which side of an orchestrator's boundary this process is. `caller`: somebody's own process, which must cross for
 * whatever is about a box. `account`: the service account's, for a caller who was let in.
 */
export type Side =
  | { readonly side: "caller"; readonly boundary: Boundary }
  | { readonly side: "account"; readonly boundary: Boundary; readonly caller: Caller };

let known: Side | undefined;

/** Undefined in personal mode: there is no boundary. */
export function sideOfBoundary(): Side | undefined {
  return known;
}

/** Told once, before any command is looked at. */
export function setSide(side: Side): void {
  known = side;
}
