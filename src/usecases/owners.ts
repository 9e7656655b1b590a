import type { Caller } from "../core/caller.ts";
import { DevboxError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { quote } from "../core/text.ts";
import type { Deps } from "./deps.ts";

/** Whose things are listed; neither: the caller's own. */
export interface Scope {
  readonly all?: boolean | undefined;
  readonly owner?: string | undefined;
}

/**
 * Which owners' things belong to a scope. Of what is nobody's business nothing is said: that an owner has none, and
 * that there is no such owner, are the same to all but administrators.
 * @throws {DevboxError} NOT_PERMITTED for others' things, unless the caller is an administrator
 */
export function ownersIn(caller: Caller, { all = false, owner }: Scope): (owner: string) => boolean {
  if (owner !== undefined && owner !== caller.user) throwUnlessAdmin(caller, "--owner");
  if (owner !== undefined) return (one) => one === owner;
  // In personal mode all boxes are one's own.
  if (all && caller.via !== "local") throwUnlessAdmin(caller, "--all");
  return all && caller.admin ? () => true : (one) => one === caller.user;
}

/** @throws {DevboxError} NOT_PERMITTED */
export function throwUnlessAdmin({ admin }: Caller, what: string): void {
  if (admin) return;
  throw new DevboxError("NOT_PERMITTED", `${what} is for administrators.`, {
    why: "Everybody else manages their own boxes, and those alone.",
    next: ["See yours: devbox-ctl list", "Or ask an administrator of this host"],
  });
}

/**
 * For what is done for everybody at once: on a shared host by administrators and the service account's units, in
 * personal mode by whoever it is, because all boxes are theirs.
 * @throws {DevboxError} NOT_PERMITTED
 */
export function throwUnlessForAll(caller: Caller, what: string): void {
  if (caller.via !== "local") throwUnlessAdmin(caller, what);
}

/**
 * Who is to own a new box: the caller, or whom an administrator names.
 * @throws {DevboxError} NOT_PERMITTED, also for the service account, whose boxes would be nobody's; USAGE for a name
 * that is not configured
 */
export function ownerOf(deps: Pick<Deps, "caller" | "config">, named: string | undefined): string {
  const { caller } = deps;
  if (named !== undefined && named !== caller.user) {
    throwUnlessAdmin(caller, "--owner");
    return configuredUser(deps, named);
  }
  if (caller.via === "account") {
    throw new DevboxError("NOT_PERMITTED", `the service account ${caller.user} owns no boxes.`, {
      next: ["Name whose it is to be: --owner USER"],
    });
  }
  return caller.user;
}

/** @throws {DevboxError} USAGE for a name that is not among the configured users */
export function configuredUser({ config }: Pick<Deps, "config">, name: string): string {
  if (Object.hasOwn(config.users, name)) return name;
  const near = nearest(name, Object.keys(config.users));
  throw new DevboxError("USAGE", `${quote(name)} is no user of this host.`, {
    why: "The configuration does not name them in users.",
    next: [
      ...(near === undefined ? [] : [`Did you mean ${near}?`]),
      "See who is: devbox-ctl user list",
      "Enter them in the configuration's users first",
    ],
  });
}

/** How a sentence about somebody's boxes begins: "you have", or "alice has" to who acts for them. */
export function whoHas(caller: Pick<Caller, "user">, owner: string): string {
  return owner === caller.user ? "you have" : `${owner} has`;
}
