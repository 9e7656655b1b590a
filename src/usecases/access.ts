import type { BoxRecord } from "../core/box.ts";
import type { Caller } from "../core/caller.ts";
import { DevboxError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { quote } from "../core/text.ts";
import type { Deps } from "./deps.ts";

/** Whether someone may see and change what belongs to an owner, when they name it. FR-026 */
export function mayUse(caller: Caller, owner: string): boolean {
  return caller.admin || owner === caller.user;
}

/** All boxes that the caller may name: their own, or everyone's for an administrator. */
export function visibleBoxes(deps: Pick<Deps, "ledger" | "caller">): BoxRecord[] {
  return deps.ledger.boxes().filter((box) => mayUse(deps.caller, box.owner));
}

/** The caller's own boxes, which are what "yours" means to an administrator too. */
export function ownBoxes(deps: Pick<Deps, "ledger" | "caller">): BoxRecord[] {
  return deps.ledger.boxes().filter((box) => box.owner === deps.caller.user);
}

/**
 * The caller's box of that name. Someone else's box answers exactly as one that does not exist.
 * @throws {DevboxError} BOX_NOT_FOUND
 */
export function findBox(deps: Pick<Deps, "ledger" | "caller" | "progress">, name: string): BoxRecord {
  const box = deps.ledger.boxByName(name);
  if (box === undefined || !mayUse(deps.caller, box.owner)) throw noSuchBox(deps, name);
  remarkOwner(deps, box);
  return box;
}

/** Boxes that each caller of this process was told the owner of; a command may look for its box twice. */
const told = new WeakMap<Caller, Set<string>>();

/** Tells an administrator whose box it is that they are at; the service account's units know it. */
function remarkOwner({ caller, progress }: Pick<Deps, "caller" | "progress">, { id, name, owner }: BoxRecord): void {
  if (owner === caller.user || caller.via === "account") return;
  const known = told.get(caller) ?? new Set();
  if (known.has(id)) return;
  told.set(caller, known.add(id));
  progress.remark(`${name} belongs to ${owner}; you act as an administrator`);
}

/**
 * The error for a box that is not there (or not the caller's), with the nearest name that is, and the way back to its
 * home when that was put away.
 */
export function noSuchBox(deps: Pick<Deps, "ledger" | "caller">, name: string): DevboxError {
  const { admin, via, user } = deps.caller;
  const visible = visibleBoxes(deps);
  const near = nearest(
    name,
    visible.map((box) => box.name),
  );
  const what = admin ? `there is no box named ${quote(name)}.` : `you have no box named ${quote(name)}.`;
  return new DevboxError("BOX_NOT_FOUND", what, {
    next: [
      // Its name is as it was entered then: one that somebody makes up is in no archive.
      ...(deps.ledger.hasArchiveOf(name, admin ? undefined : user)
        ? [`Its home is archived: devbox-ctl restore ${name}`]
        : []),
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      admin ? "See all: devbox-ctl list --all" : "See yours: devbox-ctl list",
      // One who is sure of the name may have lost the ledger; only what the caller may see decides whether it is said.
      ...(visible.length === 0 && (admin || via === "local") ? ["If you had boxes here: devbox-ctl doctor --fix"] : []),
    ],
  });
}

/**
 * The container of a box that can be used: created to its end, container known.
 * @throws {DevboxError} WRONG_STATE or CONTAINER_GONE
 */
export function usableContainer(box: BoxRecord): string {
  throwUnlessReady(box);
  if (box.containerId === undefined) throw containerGone(box.name);
  return box.containerId;
}

/** @throws {DevboxError} WRONG_STATE for a box that is not created to its end, or is about to be gone */
export function throwUnlessReady({ name, phase }: BoxRecord): void {
  if (phase === "ready") return;
  const doing = phase === "creating" ? "is being created" : "is being destroyed";
  throw new DevboxError("WRONG_STATE", `${name} ${doing}.`, {
    why: "Either another command is at work on it, or one was interrupted.",
    next: [`devbox-ctl status ${name}`, "devbox-ctl doctor --fix   (finishes or undoes what was interrupted)"],
  });
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
