import { type FoundItem, type HostItem, itemId, spokenItem } from "../../core/host/items.ts";
import { count } from "../../core/text.ts";
import type { SetupPlan } from "../../usecases/host/plan.ts";
import type { SetupResult } from "../../usecases/host/setup.ts";
import { sortedOut, type UninstallPlan, uninstallQuestion } from "../../usecases/host/uninstall.ts";
import { diffLines } from "../diff.ts";
import type { Style } from "../style.ts";

/** What setup would do: every item, with what differs. */
export function presentPlan(style: Style, { found, remarks }: SetupPlan): string {
  const changes = found.filter(({ state }) => state !== "ok").length;
  const end = changes === 0 ? "Nothing to do: this host is set up." : `${count(changes, "change")} to make.`;
  return [
    ...found.flatMap((each) => itemLines(style, each)),
    ...remarks.map((remark) => `  ${style.warn("!")} ${remark}`),
    `  ${end}`,
  ].join("\n");
}

function itemLines(style: Style, found: FoundItem): string[] {
  const { item, state, differences } = found;
  const marks = { ok: style.faint("ok    "), make: style.good("make  "), change: style.warn("change") };
  const rights = "mode" in item ? ` ${style.faint(`${item.mode} ${item.owner}:${item.group}`)}` : "";
  const first = `  ${marks[state]} ${spokenItem(itemId(item))}${rights} ${style.faint(`(${item.purpose})`)}`;
  if (state === "ok") return [first];
  const lines = differences.filter((difference) => difference !== "text").map((line) => `           ${line}`);
  return [first, ...lines, ...textLines(style, found)];
}

/** The difference between the text that is there and the one that will be. */
function textLines(style: Style, { item, state, present }: FoundItem): string[] {
  if (item.kind !== "file" || item.content === null) return [];
  if (state === "change" && present === item.content) return [];
  return diffLines(present ?? "", item.content).map((line) => {
    const paint = line.startsWith("+") ? style.good : line.startsWith("-") ? style.bad : style.faint;
    return `           ${paint(line)}`;
  });
}

/** The end of `host setup`. */
export function presentSetup(style: Style, { account }: SetupPlan, { changed, remarks }: SetupResult): string {
  const end = changed === 0 ? "Nothing to do: this host is set up." : `This host is set up: ${account} runs the boxes.`;
  return [`  ${end}`, ...remarks.map((remark) => `  ${style.warn("!")} ${remark}`)].join("\n");
}

/** `host setup --json`; its schema is docs/json/host-setup.schema.json. */
export function hostSetupJson({ account, found }: SetupPlan, { changed, remarks }: SetupResult) {
  return {
    account: account as string | null,
    items: found.map(({ item, state, differences }) => ({ ...plain(item), state, differences: [...differences] })),
    changed,
    remarks: [...remarks],
  };
}

/** An item with all that any kind of item has, null where this one has it not. */
function plain(item: HostItem) {
  return {
    id: itemId(item),
    kind: item.kind,
    purpose: item.purpose,
    mode: "mode" in item ? item.mode : null,
    owner: "owner" in item ? item.owner : null,
    group: "group" in item ? item.group : null,
    content: item.kind === "file" ? item.content : null,
    target: item.kind === "link" ? item.target : null,
    version: item.kind === "program" ? item.version : null,
    manager: item.kind === "unit" ? item.manager : null,
    active: item.kind === "unit" ? item.active : null,
    uid: item.kind === "account" ? item.uid : null,
    home: item.kind === "account" ? item.home : null,
    shell: item.kind === "account" ? item.shell : null,
    count: item.kind === "subids" ? item.count : null,
  };
}

/** The end of `host setup --uninstall`. */
export function presentUninstall(
  style: Style,
  plan: UninstallPlan,
  remarks: readonly string[],
  { dryRun, purge }: { readonly dryRun: boolean; readonly purge: boolean },
): string {
  const { manifest } = plan;
  if (manifest === undefined) return "  Nothing to take back: host setup made nothing here.";
  if (dryRun) {
    const goes = sortedOut(manifest, purge).goes.map((id) => `    ${spokenItem(id)}`);
    return [`  ${uninstallQuestion(plan, purge)}`, ...goes].join("\n");
  }
  const stays = purge ? "" : ` The account ${manifest.account} and ${manifest.home} stay.`;
  return [`  Taken back.${stays}`, ...remarks.map((remark) => `  ${style.warn("!")} ${remark}`)].join("\n");
}

/** `host setup --uninstall --json`. */
export function hostUninstallJson({ manifest }: UninstallPlan, remarks: readonly string[]) {
  return { account: manifest?.account ?? null, items: [], changed: manifest?.made.length ?? 0, remarks: [...remarks] };
}
