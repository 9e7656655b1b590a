import {
  type Account,
  accountIn,
  type Group,
  groupIn,
  hasDirectory,
  isMember,
  membersOf,
} from "../../core/gate/accounts.ts";
import type { Accounts } from "../../ports/accounts.ts";
import { readText } from "./processes.ts";
import { getent } from "./run.ts";

/** An account of this host by its id or its name; a process is started only for one that may be elsewhere. */
export function findAccount(who: number | string): Account | undefined {
  const local = accountIn(readText("/etc/passwd") ?? "", who);
  if (local !== undefined) return local;
  // Most who come by a key have no account at all: they would pay for the question with every command.
  if (typeof who === "string" && !hasDirectory(readText("/etc/nsswitch.conf") ?? "")) return undefined;
  return accountIn(getent("passwd", String(who)) ?? "", who);
}

/** The groups of those names that there are. */
function findGroups(names: readonly string[]): Group[] {
  const local = readText("/etc/group") ?? "";
  return names.flatMap((name) => groupIn(local, name) ?? groupIn(getent("group", name) ?? "", name) ?? []);
}

/** Whether someone is in one of some groups. */
function isInOneOf(groups: readonly string[], name: string, account: Account | undefined): boolean {
  return findGroups(groups).some((group) => isMember(group, name, account));
}

/** Whether someone is an administrator: root, or in one of the groups. */
export function isAdministrator(groups: readonly string[], name: string, account: Account | undefined): boolean {
  return account?.uid === 0 || isInOneOf(groups, name, account);
}

/** This machine's accounts, as the commands about users ask for them. */
export function createAccounts(adminGroups: readonly string[]): Accounts {
  return {
    exists: (name) => findAccount(name) !== undefined,
    isAdministrator: (name) => isAdministrator(adminGroups, name, findAccount(name)),
    administrators: () => membersOf(findGroups(adminGroups), readText("/etc/passwd") ?? ""),
  };
}
