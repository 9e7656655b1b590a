import { chmodSync, chownSync, mkdirSync, rmSync } from "node:fs";
import { DevboxError, messageOf } from "../../core/errors.ts";
import type { DirectoryItem, FileItem, FoundItem, HostItem, UnitItem } from "../../core/host/items.ts";
import { PLACES } from "../../core/host/places.ts";
import type { SshdWanted } from "../../core/host/sshd.ts";
import type { ApplyParts } from "../../ports/host-system.ts";
import { makeAs } from "./account-files.ts";
import { accountFacts, applyAccount, applySubids, asAccount } from "./accounts.ts";
import { call, wordsOf } from "./calls.ts";
import { putFile, syncDirectory } from "./files.ts";
import { isInside } from "./look.ts";
import { installProgram, linkTo } from "./program.ts";
import { run } from "./run.ts";
import { checkSshd, proveSshd, reloadSshd } from "./sshd.ts";

/**
 * Makes or mends one item.
 * @param root directory of the package that runs now
 * @throws {DevboxError} HOST_SETUP
 */
export async function applyItem(found: FoundItem, parts: ApplyParts, root: string): Promise<void> {
  const { item } = found;
  switch (item.kind) {
    case "account":
      return applyAccount(item);
    case "subids":
      return applySubids(item);
    case "linger":
      await call(["loginctl", "enable-linger", item.name], `${item.name} has no systemd manager from boot on.`);
      return startManager(item.name);
    case "directory":
    case "file":
      return isInside(item.path, parts.home) ? applyInHome(item) : applyPath(item, found.present, parts);
    case "link":
      linkTo(item.path, item.target);
      return;
    case "program":
      installProgram(root, process.execPath, item.version);
      return;
    case "unit":
      return applyUnit(item, parts.sshd.account);
  }
}

async function applyInHome(item: DirectoryItem | FileItem): Promise<void> {
  try {
    await makeAs(item.owner, item);
  } catch (error) {
    throw new DevboxError("HOST_SETUP", `${item.path} could not be made.`, {
      why: messageOf(error),
      next: [`Look at what is there: ls -ld ${item.path}`],
    });
  }
}

async function applyPath(item: DirectoryItem | FileItem, before: string | undefined, parts: ApplyParts) {
  const [uid, gid] = await idsOf(item);
  if (item.kind === "directory") {
    mkdirSync(item.path, { recursive: true, mode: 0o700 });
    setRights(item, uid, gid);
    return;
  }
  if (item.content === null) {
    setRights(item, uid, gid);
    return;
  }
  const file = { path: item.path, mode: item.mode, uid, gid };
  const put = (text: string, check: (unfinished: string) => Promise<void>) => putFile({ ...file, text }, check);
  const { content: text } = item;
  await put(text, (unfinished) => checkBefore(item, text, unfinished, parts.sshd));
  try {
    await checkAfter(item, parts);
  } catch (error) {
    if (before === undefined) rmSync(item.path, { force: true });
    else await put(before, () => Promise.resolve());
    throw error;
  }
  if (item.check === "sshd") await reloadSshd();
}

/** Whoever owns it has root's group or their own. */
async function idsOf({ owner, group }: DirectoryItem | FileItem): Promise<[uid: number, gid: number]> {
  const idOf = async (name: string, kind: "uid" | "gid") =>
    name === "root" ? 0 : ((await accountFacts(name))?.[kind] ?? 0);
  return [await idOf(owner, "uid"), await idOf(group, "gid")];
}

function setRights({ path, mode }: DirectoryItem | FileItem, uid: number, gid: number): void {
  chownSync(path, uid, gid);
  chmodSync(path, Number.parseInt(mode, 8));
  syncDirectory(PLACES.etc);
}

async function checkBefore({ check }: FileItem, text: string, unfinished: string, sshd: SshdWanted): Promise<void> {
  if (check === "sudoers") await call(["visudo", "-c", "-f", unfinished], "sudo would not take its new rule.");
  if (check === "sshd") await checkSshd(text, sshd);
}

/** Whether what is in place now is in force, too. */
async function checkAfter({ check }: FileItem, { sshd, program }: ApplyParts): Promise<void> {
  if (check === "sshd") await proveSshd(sshd);
  if (check !== "sudoers") return;
  await call(["visudo", "-c"], "sudo's rules do not fit together; the new one was taken back.");
  const allowed = await run(["sudo", "-n", "-l", "-U", "nobody", "-u", sshd.account, program]);
  if (allowed.exitCode === 0) return;
  throw new DevboxError("HOST_SETUP", "sudo does not take the new rule; it was taken back.", {
    why:
      wordsOf(allowed) === ""
        ? "/etc/sudoers does not include /etc/sudoers.d, or a later rule wins."
        : wordsOf(allowed),
    next: ["Add this line to the end of /etc/sudoers with visudo: @includedir /etc/sudoers.d"],
  });
}

async function applyUnit({ name, manager, active }: UnitItem, account: string): Promise<void> {
  const failed = `${name} could not be enabled.`;
  const verb = ["enable", ...(active ? ["--now"] : []), name];
  if (manager === "system") {
    await call(["systemctl", "daemon-reload"], failed);
    await call(["systemctl", ...verb], failed);
    return;
  }
  await asAccount(account, ["systemctl", "--user", "daemon-reload"]);
  const ended = await asAccount(account, ["systemctl", "--user", ...verb]);
  if (ended.exitCode === 0) return;
  const next = [`Look at it: systemctl status user@$(id -u ${account}).service`];
  throw new DevboxError("HOST_SETUP", failed, { why: wordsOf(ended), next });
}

/** Starts the account's systemd manager. Its settings are read anew, as far as it did not run. */
export async function startManager(account: string): Promise<void> {
  const uid = (await accountFacts(account))?.uid ?? -1;
  const failed = `the systemd manager of ${account} does not start.`;
  await call(["systemctl", "daemon-reload"], failed);
  await call(["systemctl", "start", `user@${uid}.service`], failed);
}

/** After everything: systemd reads what changed, and Podman's service begins anew with its new settings. */
export async function readAnew(changed: readonly HostItem[], { home, sshd }: ApplyParts): Promise<void> {
  const files = changed.flatMap((item) => (item.kind === "file" ? [item.path] : []));
  if (files.some((path) => path.startsWith(PLACES.units))) await run(["systemctl", "daemon-reload"]);
  if (!files.some((path) => isInside(path, home))) return;
  await asAccount(sshd.account, ["systemctl", "--user", "daemon-reload"]);
  await asAccount(sshd.account, ["systemctl", "--user", "try-restart", "podman.service"]);
}
