import { DevboxError } from "../../core/errors.ts";
import { nearest } from "../../core/nearest.ts";
import { quote } from "../../core/text.ts";
import type { Accounts } from "../../ports/accounts.ts";
import type { AuthorizedKeys } from "../../ports/authorized-keys.ts";
import type { Deps } from "../deps.ts";
import { type Scope, throwUnlessAdmin } from "../owners.ts";

/** What the use cases of users need beyond the others. */
export interface UserDeps extends Deps {
  readonly keys: AuthorizedKeys;
  readonly accounts: Accounts;
}

/** @throws {DevboxError} WRONG_STATE where everybody runs their own boxes */
export function requireHost({ caller }: Pick<Deps, "caller">): void {
  if (caller.via !== "local") return;
  throw new DevboxError("WRONG_STATE", "there are no users here but you.", {
    why: "Everybody runs their own boxes on this machine; host.serviceUser is not set.",
    next: ["Make it a host for many: devbox-ctl host setup"],
  });
}

/** @throws {DevboxError} WRONG_STATE, NOT_PERMITTED */
export function requireAdministrator(deps: Pick<Deps, "caller">): void {
  requireHost(deps);
  throwUnlessAdmin(deps.caller, "looking after users");
}

/** Whether somebody may use this host's boxes. */
function isUser({ config, accounts }: Pick<Deps, "config" | "accounts">, name: string): boolean {
  return Object.hasOwn(config.users, name) || accounts.isAdministrator(name);
}

/** @throws {DevboxError} USER_NOT_FOUND for one who is neither configured nor an administrator */
export function requireUser(deps: Pick<Deps, "config" | "accounts">, name: string): void {
  if (isUser(deps, name) && name !== deps.config.host.serviceUser) return;
  const near = nearest(name, Object.keys(deps.config.users));
  throw new DevboxError("USER_NOT_FOUND", `${quote(name)} is no user of this host's boxes.`, {
    why: "Neither are they among the configured users, nor in a group of administrators.",
    next: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      "Add them first: users in /etc/devbox/config.yaml",
      "See who there is: devbox-ctl user list",
    ],
  });
}

/**
 * Tells an owner who has nothing from one whom there is not; to be asked once it is known that the caller may.
 * @param found how many things of theirs there are
 * @throws {DevboxError} USER_NOT_FOUND
 */
export function requireOwner(
  deps: Pick<Deps, "config" | "accounts" | "ledger" | "caller">,
  { owner }: Scope,
  found: number,
): void {
  if (owner === undefined || owner === deps.caller.user || deps.caller.via === "local" || found > 0) return;
  if (!deps.ledger.boxes().some((box) => box.owner === owner)) requireUser(deps, owner);
}
