import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readFileSync, statfsSync } from "node:fs";
import { release, totalmem } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import type { HostFacts, LoginFacts } from "../../core/host/facts.ts";
import { parseSubids } from "../../core/host/subids.ts";
import type { FactsWanted, Missing } from "../../ports/host-system.ts";
import { accountFacts, allAccounts, allGroups } from "./accounts.ts";
import { programFacts } from "./program.ts";
import { run } from "./run.ts";

const PROGRAMS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const HOOK_DIRS = ["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"];
const USER_UNITS = ["/usr/lib/systemd/user", "/etc/systemd/user", "/run/current-system/sw/lib/systemd/user"];

/** Magic number of an overlay in statfs(2), on top of which there is no other without root. */
const OVERLAYFS = 0x79_4c_76_30;

/** Linux has overlays without root since then, under all security modules. */
const NATIVE_OVERLAY = [5, 13];

/** Ids of system accounts, from the top as useradd does. */
const [LAST_ID, FIRST_ID] = [999, 101];

/** A program in the directories that root uses; undefined when there is none. */
function findProgram(name: string): string | undefined {
  return PROGRAMS.map((dir) => join(dir, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Programs that an orchestrator needs and that are not there. */
export function missingPrograms({ sshd }: { readonly sshd: boolean }): Missing[] {
  const has = (name: string) => findProgram(name) !== undefined;
  const hasUnit = (name: string) => USER_UNITS.some((dir) => existsSync(join(dir, name)));
  const needs: [string, string, boolean][] = [
    ["podman", "podman", has("podman") && hasUnit("podman.socket")],
    ["crun or runc", "crun", has("crun") || has("runc")],
    ["slirp4netns or pasta", "slirp4netns", has("slirp4netns") || has("pasta")],
    ["ip", "iproute2", has("ip")],
    ["newuidmap", "uidmap", has("newuidmap")],
    ["sudo", "sudo", has("sudo") && has("visudo")],
    ["sshd", "openssh-server", !sshd || has("sshd")],
    ["useradd", "passwd", has("useradd") && has("usermod")],
    ["a D-Bus for user sessions", "dbus-user-session", hasUnit("dbus.socket") || hasUnit("dbus-broker.service")],
  ];
  return needs.filter(([, , found]) => !found).map(([program, packageName]) => ({ program, packageName }));
}

export async function hostFacts(wanted: FactsWanted, root: string): Promise<HostFacts> {
  const [account, accounts, groups] = [await accountFacts(wanted.account), await allAccounts(), await allGroups()];
  const usedIds = [...new Set([...accounts.flatMap(({ uid, gid }) => [uid, gid]), ...groups.map(({ gid }) => gid)])];
  const overlay = hasNativeOverlay(wanted.home) ? "native" : "fuse";
  return {
    ...{ account, usedIds, overlay },
    freeId: freeId(usedIds),
    subuid: parseSubids(textOf("/etc/subuid")),
    subgid: parseSubids(textOf("/etc/subgid")),
    memory: totalmem(),
    sudoSetsLimits: await sudoSetsLimits(),
    podman: isAbsolute(wanted.podman) ? wanted.podman : (findProgram(wanted.podman) ?? "/usr/bin/podman"),
    hookDirs: HOOK_DIRS.filter((dir) => existsSync(dir)),
    program: programFacts(root, process.execPath),
    logins: await loginFacts(wanted.adminGroups),
  };
}

function freeId(used: readonly number[]): number {
  for (let id = LAST_ID; id >= FIRST_ID; id--) if (!used.includes(id)) return id;
  return LAST_ID;
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

async function sudoSetsLimits(): Promise<boolean> {
  const { exitCode, stdout, stderr } = await run(["visudo", "-c", "-f", "-"], {
    input: "Defaults rlimit_fsize = infinity\n",
  });
  return exitCode === 0 && !(stdout + stderr).includes("unknown");
}

function hasNativeOverlay(home: string): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  const [least = 0, leastMinor = 0] = NATIVE_OVERLAY;
  let dir = home;
  while (!existsSync(dir)) dir = dirname(dir);
  return (major > least || (major === least && minor >= leastMinor)) && statfsSync(dir).type !== OVERLAYFS;
}

/** Members of groups, also those whose own group it is. */
export async function membersOf(names: readonly string[]): Promise<string[]> {
  const groups = (await allGroups()).filter(({ name }) => names.includes(name));
  const gids = groups.map(({ gid }) => gid);
  const own = (await allAccounts()).filter(({ gid, uid }) => uid !== 0 && gids.includes(gid)).map(({ name }) => name);
  return [...new Set([...groups.flatMap(({ members }) => members), ...own])].filter((name) => name !== "root");
}

async function loginFacts(adminGroups: readonly string[]): Promise<LoginFacts> {
  const members = await membersOf(adminGroups);
  const withKeys = await Promise.all(members.map((name) => hasKey(name)));
  return { admins: members.filter((_, i) => withKeys[i]), rootHasKey: await hasKey("root") };
}

/** Whether sshd would find a key of an account's. Keys that a command of sshd's brings are not looked for. */
async function hasKey(name: string): Promise<boolean> {
  const account = (await allAccounts()).find((each) => each.name === name);
  if (account === undefined) return false;
  const { stdout } = await run(["sshd", "-T", "-C", `user=${name},host=localhost,addr=127.0.0.1`]);
  const files = /^authorizedkeysfile (.*)$/m.exec(stdout)?.[1] ?? ".ssh/authorized_keys";
  return files.split(" ").some((file) => {
    const named = file.replaceAll("%h", account.home).replaceAll("%u", name).replaceAll("%U", String(account.uid));
    return /^(?!#).*\b(ssh-|ecdsa-|sk-)[\w@.-]+ AAAA/m.test(
      keysIn(isAbsolute(named) ? named : join(account.home, named)),
    );
  });
}

/** People's files may be anything: a pipe is not waited for. */
function keysIn(path: string): string {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return "";
  }
  try {
    const stats = fstatSync(file);
    return stats.isFile() && stats.size < 1024 * 1024 ? readFileSync(file, "utf8") : "";
  } finally {
    closeSync(file);
  }
}
