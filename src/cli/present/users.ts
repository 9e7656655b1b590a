import { count } from "../../core/text.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { AddKeyResult, ListedKey } from "../../usecases/users/keys.ts";
import type { ListedUser } from "../../usecases/users/list.ts";
import type { RemovedBox, RemoveUserResult } from "../../usecases/users/remove.ts";
import { orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { facts, table } from "./table.ts";

/** `user list` for a person. */
export function presentUsers(style: Style, users: readonly ListedUser[]): string {
  if (users.length === 0) return "  There are no users yet.\n    Add them: users in /etc/devbox/config.yaml";
  const rows = users.map((user) => [user.name, ways(user), String(user.boxes.length), allowed(user), remark(user)]);
  return table(style, ["NAME", "COMES BY", "BOXES", "LIMIT", "REMARK"], rows);
}

/** By what a user can come. */
function ways({ account, keys }: ListedUser): string {
  const all = [...(account ? ["account"] : []), ...(keys.length === 0 ? [] : [count(keys.length, "key")])];
  return all.length === 0 ? "nothing yet" : all.join(", ");
}

function allowed(user: ListedUser): string {
  return mayCome(user) ? String(user.allowed) : "-";
}

function mayCome({ configured, administrator }: ListedUser): boolean {
  return configured || administrator;
}

function remark(user: ListedUser): string {
  if (!mayCome(user)) return "not in the configuration: refused";
  if (!user.administrator) return "-";
  return user.configured ? "administrator" : "administrator by group";
}

/** `user show` for a person. */
export function presentUser(style: Style, user: ListedUser): string {
  const keys = user.keys.map((key) => keyLine(key)).join("\n");
  return facts(style, [
    ["Name", user.name],
    ["Comes by", ways(user)],
    ["Keys", keys === "" ? undefined : keys],
    ["Boxes", user.boxes.length === 0 ? "none" : user.boxes.join(", ")],
    ["Limit", allowed(user)],
    ["Remark", remark(user) === "-" ? undefined : remark(user)],
  ]);
}

function keyLine({ fingerprint, type, comment }: ListedKey): string {
  return [fingerprint, type, comment].join("  ").trimEnd();
}

/** `user add-key` for a person. */
export function presentAddedKeys({ user, added, known }: AddKeyResult): string {
  return [
    ...added.map((key) => `  ${user} can come with ${keyLine(key)}`),
    ...known.map((key) => `  ${user} had it already: ${keyLine(key)}`),
  ].join("\n");
}

/** `user remove` for a person. */
export function presentRemovedUser(style: Style, result: RemoveUserResult, now: Millis): string {
  const { user, keys, boxes, running, remains } = result;
  const open = running.map(
    ({ command, box, at, holder }) =>
      `  ${style.warn("!")} Still running: ${[command, box?.name].filter(Boolean).join(" ")}, since ${ago(at, now)}; to end it: kill ${String(holder.pid)}`,
  );
  return [
    keys.length === 0
      ? `  ${user} had no keys here.`
      : `  ${count(keys.length, "key")} of ${user} ${keys.length === 1 ? "is" : "are"} taken away.`,
    ...boxes.map((box) => boxLine(style, box)),
    ...open,
    ...(remains.length === 0 ? [] : ["  What remains for you to do:"]),
    ...remains.map((line) => `    ${style.strong("→")} ${line}`),
  ].join("\n");
}

function boxLine(style: Style, { name, done, problem, keptVolume }: RemovedBox): string {
  const kept = keptVolume === undefined ? "" : `; its home is kept as ${keptVolume}`;
  const mark = done ? (problem === undefined ? style.good("✓") : style.warn("!")) : style.bad("✗");
  const what = done ? "no box of theirs any more" : "still theirs";
  return `  ${mark} ${name}: ${what}${kept}${problem === undefined ? "" : `. ${problem}`}`;
}

/** A user in `user list --json` and `user show --json`. */
export function userJson(user: ListedUser) {
  const { name, configured, administrator, account, keys, boxes, allowed: most } = user;
  return {
    ...{ name, configured, administrator, account },
    keys: keys.map(keyJson),
    boxes: [...boxes],
    boxesAllowed: most,
  };
}

/** `user list --json`; its schema is docs/json/user-list.schema.json. */
export function usersJson(users: readonly ListedUser[]) {
  return { users: users.map(userJson) };
}

function keyJson({ fingerprint, type, comment }: ListedKey) {
  return { fingerprint, type, comment };
}

/** `user add-key --json`; its schema is docs/json/user-add-key.schema.json. */
export function addedKeysJson({ user, added, known }: AddKeyResult) {
  return { user, added: added.map(keyJson), known: known.map(keyJson) };
}

/** `user remove-key --json`; its schema is docs/json/user-remove-key.schema.json. */
export function removedKeyJson(user: string, key: ListedKey) {
  return { user, removed: keyJson(key) };
}

/** `user remove --json`; its schema is docs/json/user-remove.schema.json. */
export function removedUserJson({ user, keys, boxes, running, remains, complete }: RemoveUserResult) {
  return {
    user,
    complete,
    keys: keys.map(keyJson),
    boxes: boxes.map(({ name, done, problem, keptVolume }) => ({
      ...{ name, done, problem: orNull(problem), keptVolume: orNull(keptVolume) },
    })),
    running: running.map(({ command, box, holder }) => ({ command, box: orNull(box?.name), pid: holder.pid })),
    remains: [...remains],
  };
}
