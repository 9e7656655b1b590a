import { existsSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isOurs } from "../../core/host/wanted.ts";
import { PLACES } from "../../core/host/places.ts";
import type { Manifest } from "../../ports/host-system.ts";
import { accountFacts, asAccount } from "./accounts.ts";
import { call } from "./calls.ts";
import { plainText, statOf } from "./files.ts";
import { isInside } from "./look.ts";
import { endProcesses } from "./processes.ts";
import { removeVersions } from "./program.ts";
import { run } from "./run.ts";
import { reloadSshd } from "./sshd.ts";

/** Takes an item back. @returns why it stays, when it does */
export async function removeItem(id: string, manifest: Manifest): Promise<string | undefined> {
  const colon = id.indexOf(":");
  const [kind, place] = [id.slice(0, colon), id.slice(colon + 1)];
  switch (kind) {
    case "file":
      return isInside(place, manifest.home) ? undefined : removeFile(place, manifest);
    case "directory":
      // It goes with the account.
      if (place === manifest.home || isInside(place, manifest.home)) return undefined;
      return removeDirectory(place);
    case "link":
      if (statOf(place)?.isSymbolicLink() === true && leadsToUs(place)) rmSync(place);
      return undefined;
    case "program":
      rmSync(PLACES.program, { force: true });
      removeVersions(undefined);
      if (existsSync(PLACES.versions)) removeDirectory(PLACES.versions);
      return undefined;
    case "unit":
      return removeUnit(place, manifest.account);
    case "linger":
      return endLinger(place);
    case "account":
      return removeAccount(place, manifest.home);
    default:
      // Subordinate ids go with their account.
      return undefined;
  }
}

async function removeFile(path: string, { config }: Manifest): Promise<string | undefined> {
  const text = plainText(path);
  if (text === undefined) return existsSync(path) ? `${path} is no plain file, so it was left.` : undefined;
  if (path === PLACES.config ? text !== config : !isOurs(text)) return `${path} was changed by hand, so it was left.`;
  rmSync(path);
  if (path === PLACES.sshd) await reloadSshd();
  if (path.startsWith(PLACES.units)) await run(["systemctl", "daemon-reload"]);
  return undefined;
}

function removeDirectory(path: string): string | undefined {
  try {
    rmdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY") return `${path} has other files, so it was left.`;
    if (code !== "ENOENT") throw error;
  }
  return undefined;
}

const leadsToUs = (link: string): boolean => readlinkSync(link).startsWith(PLACES.program);

async function removeUnit(name: string, account: string): Promise<undefined> {
  // The account's own units are named here without their manager: the socket is the one that it has.
  if (name === "podman.socket") {
    await asAccount(account, ["systemctl", "--user", "disable", "--now", name]);
    await asAccount(account, ["systemctl", "--user", "stop", "podman.service"]);
  } else await run(["systemctl", "disable", "--now", name]);
}

async function endLinger(account: string): Promise<undefined> {
  const uid = (await accountFacts(account))?.uid;
  // Ended in the middle of an earlier run, the account is gone already, and nothing lingers.
  if (uid === undefined) return;
  const again = "host setup --uninstall";
  await call(["loginctl", "disable-linger", account], `${account} keeps its systemd manager.`, { again });
  await endProcesses(account, uid);
}

/** The account with all that it has; its boxes were asked for before. */
async function removeAccount(account: string, home: string): Promise<string | undefined> {
  const facts = await accountFacts(account);
  if (facts !== undefined) {
    await endProcesses(account, facts.uid);
    const again = "host setup --uninstall --purge";
    await call(["userdel", "--", account], `the account ${account} is still there.`, { again });
  }
  // A mount is left, with nothing in it; what is mounted in it is not looked into.
  const { exitCode } = await run(["rm", "-rf", "--one-file-system", "--", home]);
  return exitCode === 0 ? undefined : `${home} is not gone: it may be a mount of its own.`;
}

/** What setup has made so far. */
export function readManifest(): Manifest | undefined {
  if (!existsSync(PLACES.manifest)) return undefined;
  const { account, home, made, config } = JSON.parse(readFileSync(PLACES.manifest, "utf8")) as Manifest;
  return { account, home, made, config };
}

/** The version that the installed program's link leads to. */
export function currentVersion(): string | undefined {
  const target = statOf(PLACES.program)?.isSymbolicLink() === true ? readlinkSync(PLACES.program) : undefined;
  return target === undefined ? undefined : join("/", target).split("/").at(-1);
}
