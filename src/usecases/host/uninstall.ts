import { DevboxError } from "../../core/errors.ts";
import { messageOf } from "../../core/errors.ts";
import { redacted } from "../../core/secret.ts";
import { count } from "../../core/text.ts";
import { spokenItem } from "../../core/host/items.ts";
import { PLACES } from "../../core/host/places.ts";
import type { Manifest } from "../../ports/host-system.ts";
import { beginSetup, type HostDeps } from "./deps.ts";

/** What there is to take back. */
export interface UninstallPlan {
  readonly manifest: Manifest | undefined;
  /** Names of boxes that run, which end with it. */
  readonly running: readonly string[];
  /** Names of boxes and homes that there are. */
  readonly kept: readonly string[];
}

/**
 * Looks what would go.
 * @param purge whether the account and its state go too
 * @throws {DevboxError} NOT_PERMITTED, WRONG_STATE
 */
export async function planUninstall(deps: HostDeps, purge: boolean, dryRun: boolean): Promise<UninstallPlan> {
  const { system } = deps;
  await beginSetup(deps, "setup --uninstall", dryRun);
  const manifest = system.readManifest();
  if (manifest === undefined) return { manifest, running: [], kept: [] };
  const [running, kept] = await boxesOf(deps, manifest, purge);
  if (purge && kept.length > 0) {
    throw new DevboxError("WRONG_STATE", "there are boxes or homes here. Nothing was changed.", {
      why: kept.join(", "),
      next: ["Destroy them first: devbox-ctl destroy NAME, devbox-ctl volume remove NAME", "Or leave --purge away"],
    });
  }
  return { manifest, running, kept };
}

async function boxesOf({ system }: HostDeps, { account, made }: Manifest, purge: boolean) {
  // Ended in the middle of the very first setup, there is no Podman to ask.
  const began = made.includes(`account:${account}`) || (await system.asAccount(account, ["true"])).exitCode === 0;
  if (!began || (await system.asAccount(account, ["true"])).exitCode !== 0) return [[], []] as const;
  if (purge) await system.startManager(account);
  const ask = async (words: readonly string[]): Promise<string[]> => {
    const { exitCode, stdout, stderr } = await system.asAccount(account, ["podman", ...words]);
    if (exitCode === 0) return stdout.split("\n").filter((line) => line !== "");
    if (!purge) return [];
    throw new DevboxError("ENGINE_FAILED", `it cannot be seen whether ${account} has boxes. Nothing was changed.`, {
      why: redacted(messageOf(stderr)),
      next: ["Leave --purge away: the account and its state then stay"],
    });
  };
  const running = await ask(["ps", "--format", "{{.Names}}"]);
  const all = purge
    ? [...(await ask(["ps", "--all", "--format", "{{.Names}}"])), ...(await ask(["volume", "ls", "-q"]))]
    : [];
  return [running, all] as const;
}

/** The question to an administrator, who may not know what ends. */
export function uninstallQuestion({ running }: UninstallPlan, purge: boolean): string {
  const ends = running.length === 1 ? "that runs stops" : "that run stop";
  const boxes = running.length === 0 ? "" : ` ${count(running.length, "box", "boxes")} ${ends}: ${running.join(", ")}.`;
  const data = purge ? " The account and all its state go too." : " Boxes, homes, the account and its state stay.";
  return `Take back what host setup made?${boxes} Everybody's commands that are at work end.${data}`;
}

/** Ids of what goes and of what stays, in the order in which they were made. */
export function sortedOut({ account, home, made }: Manifest, purge: boolean) {
  // With the state and the account stays what belongs to them.
  const isKept = (id: string) =>
    !purge && ([`account:${account}`, `subids:${account}`].includes(id) || id.includes(`:${home}`));
  // The directory of the manifest goes with that, when nothing else is in it.
  const goes = made.filter((id) => !isKept(id) && id !== `directory:${PLACES.etc}`);
  return { goes, stays: made.filter(isKept) };
}

/**
 * Takes back what setup made, the last first.
 * @returns what stays, a sentence each
 * @throws {DevboxError} HOST_SETUP
 */
export async function applyUninstall(deps: HostDeps, plan: UninstallPlan, purge: boolean): Promise<string[]> {
  const { system, progress } = deps;
  const { manifest, running } = plan;
  if (manifest === undefined) return [];
  if (running.length > 0) {
    progress.begin("Boxes stopped");
    await system.asAccount(manifest.account, ["podman", "stop", "--time", "10", ...running]);
    progress.done(running.join(" "));
  }
  const remarks: string[] = [];
  const { goes, stays } = sortedOut(manifest, purge);
  // The program last: this may be it that runs. Directory of the manifest even later.
  const isLate = (id: string) => id.startsWith("program:") || id.startsWith("link:");
  for (const id of [...goes.filter((id) => !isLate(id)).reverse(), ...goes.filter(isLate)]) {
    const remark = await takeBack(deps, id, manifest);
    if (remark !== undefined) remarks.push(remark);
  }
  await system.keepManifest(stays.length === 0 ? undefined : { ...manifest, made: stays });
  return remarks;
}

/** @returns why it stays, when it does: then nothing is said to be done */
async function takeBack({ system, progress }: HostDeps, id: string, manifest: Manifest): Promise<string | undefined> {
  // A file may have to stay, but takes no time; all else may take some, and goes.
  const mayStay = id.startsWith("file:") || id.startsWith("directory:");
  if (!mayStay) progress.begin("Taken back");
  const remark = await system.remove(id, manifest);
  if (mayStay && remark !== undefined) return remark;
  if (mayStay) progress.begin("Taken back");
  progress.done(spokenItem(id));
  return remark;
}
