/** A line of passwd(5), as far as it says who someone is. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A line of group(5). */
export interface Group {
  readonly gid: number;
  readonly members: readonly string[];
}

/** Finds an account by its id or its name; the first line counts, as for the system. */
export function accountIn(passwd: string, who: number | string): Account | undefined {
  for (const line of passwd.split("\n")) {
    const [name = "", , uid = "", gid = ""] = line.split(":");
    if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid) || name === "") continue;
    if (name === who || Number(uid) === who) return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Finds a group by its name. */
export function groupIn(text: string, wanted: string): Group | undefined {
  for (const line of text.split("\n")) {
    const [name, , gid = "", members = ""] = line.split(":");
    if (name !== wanted || !/^\d+$/.test(gid)) continue;
    return { gid: Number(gid), members: members.split(",").filter((member) => member !== "") };
  }
  return undefined;
}

/** Sources of accounts that the machine has itself (nsswitch.conf(5)); systemd's are of services, and of who is logged in. */
const OWN_SOURCES = ["files", "compat", "systemd", "db"];

/** Whether accounts can come from elsewhere, such as LDAP. @param nsswitch text of nsswitch.conf; empty: it says nothing */
export function hasDirectory(nsswitch: string): boolean {
  const [, sources = ""] = /^passwd:([^#\n]*)/m.exec(nsswitch) ?? [];
  const names = sources.replaceAll(/\[[^\]]*\]/g, " ").split(/\s+/);
  return names.some((name) => name !== "" && !OWN_SOURCES.includes(name));
}

/** Whether someone is in a group: listed there, or by the group that their account names. */
export function isMember(group: Group, name: string, account: Account | undefined): boolean {
  return group.members.includes(name) || account?.gid === group.gid;
}

/** Who is in any of some groups, besides root. @param passwd the accounts whose own group it may be */
export function membersOf(groups: readonly Group[], passwd: string): string[] {
  const own = passwd.split("\n").map((line) => line.split(":"));
  const byAccount = own.filter(([, , , gid = ""]) => groups.some((group) => String(group.gid) === gid));
  const names = [...groups.flatMap(({ members }) => members), ...byAccount.map(([name = ""]) => name)];
  return [...new Set(names)].filter((name) => name !== "root" && name !== "");
}
