import type { AccountFacts } from "../../core/host/facts.ts";
import type { AccountItem, IdRange, SubidsItem } from "../../core/host/items.ts";
import type { Ended } from "../../ports/host-system.ts";
import { call } from "./calls.ts";
import { run, type RunOptions } from "./run.ts";

/** The account of a name, by whatever names accounts on this machine. */
export async function accountFacts(name: string): Promise<AccountFacts | undefined> {
  const passwd = await run(["getent", "passwd", name]);
  if (passwd.exitCode !== 0) return undefined;
  const [, , uid, gid, , home = "", shell = ""] = passwd.stdout.trim().split(":");
  const shadow = await run(["getent", "shadow", name]);
  const hash = shadow.stdout.split(":")[1] ?? "*";
  const password = hash === "*" || hash === "x" ? "open" : hash.startsWith("!") ? "locked" : "set";
  return { uid: Number(uid), gid: Number(gid), home, shell, password };
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** All groups, with the members that they list. */
export async function allGroups(): Promise<Group[]> {
  return fieldsOf((await run(["getent", "group"])).stdout).map(([name = "", , gid, members = ""]) => ({
    ...{ name, gid: Number(gid), members: members.split(",").filter((member) => member !== "") },
  }));
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export async function allAccounts(): Promise<Account[]> {
  return fieldsOf((await run(["getent", "passwd"])).stdout).map(([name = "", , uid, gid, , home = ""]) => ({
    ...{ name, uid: Number(uid), gid: Number(gid), home },
  }));
}

const fieldsOf = (text: string): string[][] =>
  text
    .split("\n")
    .filter((line) => line.includes(":"))
    .map((line) => line.split(":"));

/** Makes the account, or mends its shell and its password. */
export async function applyAccount({ name, uid, home, shell }: AccountItem): Promise<void> {
  const failed = `the account ${name} could not be made.`;
  if ((await accountFacts(name)) === undefined) {
    const words = ["--system", "--user-group", "--uid", String(uid), "--home-dir", home, "--no-create-home"];
    await call(["useradd", ...words, "--shell", shell, "--comment", "Dev boxes", "--", name], failed);
  }
  // No password fits it, yet it is not locked: sshd may refuse keys of a locked account.
  await call(["usermod", "--shell", shell, "--password", "*", "--", name], failed);
}

/** Adds ranges; those that are there stay, because boxes may use them. */
export async function applySubids({ name, adds }: SubidsItem): Promise<void> {
  const words = (option: string, range: IdRange | null) =>
    range === null ? [] : [option, `${range.first}-${range.first + range.count - 1}`];
  const ranges = [...words("--add-subuids", adds.subuid), ...words("--add-subgids", adds.subgid)];
  await call(["usermod", ...ranges, "--", name], `${name} got no subordinate ids.`);
}

/**
 * Runs words as an account, with what rootless Podman and systemctl need. It is set for the very first call: without
 * XDG_RUNTIME_DIR Podman would write a place under /tmp into its database for good.
 */
export async function asAccount(name: string, argv: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const facts = await accountFacts(name);
  if (facts === undefined) return { exitCode: -1, stdout: "", stderr: `there is no account ${name}` };
  const { uid, gid, home } = facts;
  const runtime = `/run/user/${uid}`;
  const env = {
    ...{ HOME: home, USER: name, LOGNAME: name, XDG_RUNTIME_DIR: runtime },
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtime}/bus`,
  };
  return run(argv, { ...options, ids: { uid, gid }, env });
}
