import type { BoxRecord } from "../core/box.ts";
import type { Caller } from "../core/caller.ts";
import { DevboxError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { quote } from "../core/text.ts";
import type { Deps } from "./deps.ts";

/** Whether someone may see and change what belongs to an owner. FR-026 */
export function mayUse(caller: Caller, owner: string): boolean {
  return caller.admin || owner === caller.user;
}

/** The caller's boxes, or all for an administrator. */
export function visibleBoxes(deps: Pick<Deps, "ledger" | "caller">): BoxRecord[] {
  return deps.ledger.boxes().filter((box) => mayUse(deps.caller, box.owner));
}

/**
 * The caller's box of that name. Someone else's box answers exactly as one that does not exist.
 * @throws {DevboxError} BOX_NOT_FOUND
 */
export function findBox(deps: Pick<Deps, "ledger" | "caller">, name: string): BoxRecord {
  const box = deps.ledger.boxByName(name);
  if (box && mayUse(deps.caller, box.owner)) return box;
  throw noSuchBox(deps, name);
}

/** The error for a box that is not there (or not the caller's), with the nearest name that is. */
export function noSuchBox(deps: Pick<Deps, "ledger" | "caller">, name: string): DevboxError {
  const near = nearest(
    name,
    visibleBoxes(deps).map((box) => box.name),
  );
  return new DevboxError("BOX_NOT_FOUND", `you have no box named ${quote(name)}.`, {
    next: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      "See yours: devbox-ctl list",
      // One who is sure of the name may have lost the ledger.
      ...(deps.ledger.boxes().length === 0 ? ["If you had boxes here: devbox-ctl doctor --fix"] : []),
    ],
  });
}

/**
 * The container of a box that can be used: created to its end, container known.
 * @throws {DevboxError} WRONG_STATE or CONTAINER_GONE
 */
export function usableContainer(box: BoxRecord): string {
  if (box.phase !== "ready") {
    const doing = box.phase === "creating" ? "is being created" : "is being destroyed";
    throw new DevboxError("WRONG_STATE", `${box.name} ${doing}.`, {
      why: "Either another command is at work on it, or one was interrupted.",
      next: [`devbox-ctl status ${box.name}`, "devbox-ctl doctor --fix   (finishes or undoes what was interrupted)"],
    });
  }
  if (box.containerId === undefined) throw containerGone(box.name);
  return box.containerId;
}

/** The error for a box whose container someone removed behind our back. [P-07] */
export function containerGone(name: string, why?: string): DevboxError {
  return new DevboxError("CONTAINER_GONE", `the container of ${name} is gone; it was not removed by devbox-ctl.`, {
    why,
    next: [
      `Make it again on its home: devbox-ctl start ${name} --recreate`,
      `Or give it up: devbox-ctl destroy ${name}   (--keep-volume leaves its home)`,
    ],
  });
}
