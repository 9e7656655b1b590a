import { existsSync, readlinkSync } from "node:fs";
import type {
  AccountItem,
  DirectoryItem,
  FileItem,
  FoundItem,
  HostItem,
  LinkItem,
  ProgramItem,
  SubidsItem,
  UnitItem,
} from "../../core/host/items.ts";
import { PLACES } from "../../core/host/places.ts";
import { lookAs } from "./account-files.ts";
import { accountFacts, allAccounts, allGroups, asAccount } from "./accounts.ts";
import { modeOf, plainText, statOf } from "./files.ts";
import { installedVersion } from "./program.ts";
import { run } from "./run.ts";

/** What is there where an item belongs. */
export function lookAt(item: HostItem, home: string, account: string): Promise<FoundItem> | FoundItem {
  switch (item.kind) {
    case "account":
      return lookAtAccount(item);
    case "subids":
      return lookAtSubids(item);
    case "linger":
      return found(item, existsSync(`/var/lib/systemd/linger/${item.name}`), []);
    case "directory":
    case "file":
      return isInside(item.path, home) ? lookInHome(item) : lookAtPath(item);
    case "link":
      return lookAtLink(item);
    case "program":
      return lookAtProgram(item);
    case "unit":
      return lookAtUnit(item, account);
  }
}

/** Whether a path is below the account's home, where the account can put links. */
export function isInside(path: string, home: string): boolean {
  return path.startsWith(`${home}/`);
}

function found(item: HostItem, exists: boolean, differences: readonly string[], present?: string): FoundItem {
  const state = !exists ? "make" : differences.length > 0 ? "change" : "ok";
  return { item, state, differences, present };
}

const differs = (what: string, is: string, wanted: string): string[] =>
  is === wanted ? [] : [`${what}: ${is} → ${wanted}`];

async function lookAtAccount(item: AccountItem): Promise<FoundItem> {
  const facts = await accountFacts(item.name);
  if (facts === undefined) return found(item, false, []);
  const password = facts.password === "open" ? [] : [`password: ${facts.password} → none, and not locked`];
  return found(item, true, [...differs("shell", facts.shell, item.shell), ...password]);
}

function lookAtSubids(item: SubidsItem): FoundItem {
  const lines = Object.entries(item.adds).flatMap(([file, range]) =>
    range === null ? [] : [`/etc/${file}: ${range.count} ids more, from ${range.first} on`],
  );
  return found(item, true, lines);
}

async function lookAtPath(item: DirectoryItem | FileItem): Promise<FoundItem> {
  const stats = statOf(item.path);
  if (stats === undefined) return found(item, false, []);
  const isIt = item.kind === "file" ? stats.isFile() : stats.isDirectory();
  if (!isIt) return found(item, true, [`it is no ${item.kind}`]);
  const [accounts, groups] = [await allAccounts(), await allGroups()];
  const present = item.kind === "file" ? plainText(item.path) : undefined;
  const owner = accounts.find(({ uid }) => uid === stats.uid)?.name ?? String(stats.uid);
  const group = groups.find(({ gid }) => gid === stats.gid)?.name ?? String(stats.gid);
  return found(item, true, pathDifferences(item, { mode: modeOf(stats), owner, group, text: present }), present);
}

interface AsItIs {
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly text: string | undefined;
}

function pathDifferences(item: DirectoryItem | FileItem, { mode, owner, group, text }: AsItIs): string[] {
  const another = item.kind === "file" && item.content !== null && text !== item.content;
  return [
    ...differs("mode", mode, item.mode),
    ...differs("owner", owner, item.owner),
    ...differs("group", group, item.group),
    ...(another ? ["text"] : []),
  ];
}

async function lookInHome(item: DirectoryItem | FileItem): Promise<FoundItem> {
  const there = await lookAs(item.owner, item.path);
  if (there === undefined) return found(item, false, []);
  const type = item.kind === "file" ? /^regular( empty)? file$/ : /^directory$/;
  if (!type.test(there.type)) return found(item, true, [`it is no ${item.kind}`]);
  return found(item, true, pathDifferences(item, there), item.kind === "file" ? there.text : undefined);
}

function lookAtLink(item: LinkItem): FoundItem {
  const stats = statOf(item.path);
  if (stats === undefined) return found(item, false, []);
  if (!stats.isSymbolicLink()) return found(item, true, ["it is no link"]);
  return found(item, true, differs("target", readlinkSync(item.path), item.target));
}

function lookAtProgram(item: ProgramItem): FoundItem {
  const stats = statOf(PLACES.program);
  if (stats?.isSymbolicLink() === false) return found(item, true, ["it is no link"]);
  const version = installedVersion();
  return found(item, stats !== undefined, differs("version", version ?? "unknown", item.version));
}

async function lookAtUnit(item: UnitItem, account: string): Promise<FoundItem> {
  const ask = async (verb: string) => {
    const argv = ["systemctl", ...(item.manager === "account" ? ["--user"] : []), verb, item.name];
    return (await (item.manager === "account" ? asAccount(account, argv) : run(argv))).stdout.trim();
  };
  const isEnabled = (await ask("is-enabled")) === "enabled";
  const isActive = !item.active || (await ask("is-active")) === "active";
  const lines = [...(isEnabled ? [] : ["not enabled"]), ...(isActive ? [] : ["not active"])];
  return found(item, isEnabled || (item.active && isActive), lines);
}
