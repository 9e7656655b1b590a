import { userInfo } from "node:os";
import type { Caller } from "../../core/caller.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { findAccount, isAdministrator } from "./accounts.ts";

/**
 * Who runs this process, from its user id and the password database; never from the environment.
 * @throws {DevboxError} NOT_PERMITTED when the user id has no name.
 */
export function callerFromProcess(): Caller {
  try {
    const { username, uid } = userInfo();
    return { user: username, uid, admin: false, via: "local" };
  } catch (error) {
    throw new DevboxError("NOT_PERMITTED", "This process runs as a user without a name.", {
      why: messageOf(error),
      next: ["Run devbox-ctl as a user that is in /etc/passwd"],
    });
  }
}

/** The service account itself, such as one of its units. */
export function callerIsAccount(): Caller {
  return { ...callerFromProcess(), admin: true, via: "account" };
}

/**
 * Who came by sudo.
 * @param uid as sudo says it
 * @throws {DevboxError} NOT_PERMITTED when the user id has no name.
 */
export function callerBySudo(uid: number, adminGroups: readonly string[]): Caller {
  const account = findAccount(uid);
  if (account === undefined) {
    throw new DevboxError("NOT_PERMITTED", `the user id ${String(uid)} has no name on this host.`, {
      next: ["Run devbox-ctl as a user that is in /etc/passwd"],
    });
  }
  const { name } = account;
  return { user: name, uid, admin: isAdministrator(adminGroups, name, account), via: "sudo" };
}

/** Who came by a key that is bound to their name; they may have no account here. */
export function callerByKey(user: string, address: string | undefined, adminGroups: readonly string[]): Caller {
  const admin = isAdministrator(adminGroups, user, findAccount(user));
  return { user, uid: undefined, admin, via: "key", address };
}
