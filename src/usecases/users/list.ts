import { DevboxError } from "../../core/errors.ts";
import { boxesAllowed } from "../../core/limits.ts";
import { requireAdministrator, requireHost, requireUser, type UserDeps } from "./deps.ts";
import { allKeys, listedKey, type ListedKey } from "./keys.ts";

/** Somebody who may use this host's boxes, or has something here although they may not. */
export interface ListedUser {
  readonly name: string;
  /** Whether the configuration names them. */
  readonly configured: boolean;
  readonly administrator: boolean;
  /** Whether there is an account of that name, by which they come. */
  readonly account: boolean;
  readonly keys: readonly ListedKey[];
  /** Names of their boxes. */
  readonly boxes: readonly string[];
  /** The most boxes they may have. */
  readonly allowed: number;
}

/**
 * All configured users, the administrators, and whoever else has a key or a box here.
 * @throws {DevboxError} NOT_PERMITTED, WRONG_STATE
 */
export function listUsers(deps: UserDeps): ListedUser[] {
  requireAdministrator(deps);
  const names = new Set([
    ...Object.keys(deps.config.users),
    ...deps.accounts.administrators(),
    ...allKeys(deps).map(({ user }) => user),
    ...deps.ledger.boxes().map(({ owner }) => owner),
  ]);
  return [...names].sort().map((name) => describe(deps, name));
}

/**
 * One user, for themselves or for an administrator.
 * @throws {DevboxError} NOT_PERMITTED, USER_NOT_FOUND, WRONG_STATE
 */
export function showUser(deps: UserDeps, { user }: { readonly user: string }): ListedUser {
  requireHost(deps);
  if (user !== deps.caller.user && !deps.caller.admin) {
    throw new DevboxError("NOT_PERMITTED", "only administrators see other users.", {
      next: ["See yourself: devbox-ctl user show"],
    });
  }
  const found = describe(deps, user);
  if (found.keys.length + found.boxes.length === 0) requireUser(deps, user);
  return found;
}

function describe(deps: UserDeps, name: string): ListedUser {
  const { config, accounts, ledger } = deps;
  return {
    name,
    configured: Object.hasOwn(config.users, name),
    administrator: accounts.isAdministrator(name),
    account: accounts.exists(name),
    keys: allKeys(deps)
      .filter((key) => key.user === name)
      .map(listedKey),
    boxes: ledger
      .boxes()
      .filter((box) => box.owner === name)
      .map((box) => box.name),
    allowed: boxesAllowed(config, name),
  };
}
