import { type Account, accountIn, type Group, groupIn, isMember } from "../../core/gate/accounts.ts";
import type { Accounts } from "../../ports/accounts.ts";
import { readText } from "./processes.ts";
import { getent } from "./run.ts";

/** An account of this host by its id or its name; a process is started only for one that /etc/passwd does not have. */
export function findAccount(who: number | string): Account | undefined {
  const local = accountIn(readText("/etc/passwd") ?? "", who);
  if (local !== undefined) return local;
  return accountIn(getent("passwd", String(who)) ?? "", who);
}

/** Whether someone is in one of some groups. */
function isInOneOf(groups: readonly string[], name: string, account: Account | undefined): boolean {
  const local = readText("/etc/group") ?? "";
  const found = (group: string): Group | undefined =>
    groupIn(local, group) ?? groupIn(getent("group", group) ?? "", group);
  return groups.map(found).some((group) => group !== undefined && isMember(group, name, account));
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
  };
}
