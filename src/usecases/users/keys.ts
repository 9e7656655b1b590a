import { DevboxError } from "../../core/errors.ts";
import type { SshKey } from "../../core/ssh-key.ts";
import { quote } from "../../core/text.ts";
import {
  type BoundKey,
  fingerprint,
  formatAuthorizedKeys,
  parseAuthorizedKeys,
} from "../../core/users/authorized-keys.ts";
import { readGivenKeys } from "../../core/users/given-keys.ts";
import { requireAdministrator, requireUser, type UserDeps } from "./deps.ts";

/** A key for a person to look at. */
export interface ListedKey {
  readonly fingerprint: string;
  readonly type: string;
  readonly comment: string;
}

export interface AddKeyResult {
  readonly user: string;
  readonly added: readonly ListedKey[];
  /** Those that the user had already. */
  readonly known: readonly ListedKey[];
}

/** All keys by which people come. @throws {DevboxError} WRONG_STATE for a file with other lines, STATE_UNWRITABLE */
export function allKeys({ keys }: Pick<UserDeps, "keys">): BoundKey[] {
  return parseAuthorizedKeys(keys.read(), keys.file);
}

/** The keys of one user. @throws as {@link allKeys} */
export function keysOf(deps: Pick<UserDeps, "keys">, user: string): BoundKey[] {
  return allKeys(deps).filter((key) => key.user === user);
}

/** Of a key what a person goes by. */
export function listedKey(key: SshKey): ListedKey {
  return { fingerprint: fingerprint(key), type: key.type, comment: key.comment };
}

/**
 * Lets a user come with keys of theirs, all of them or none.
 * @param input.text lines as in `.pub` files
 * @throws {DevboxError} USAGE, USER_NOT_FOUND, NOT_PERMITTED, WRONG_STATE, STATE_UNWRITABLE, HOST_DISK
 */
export function addKeys(
  deps: UserDeps,
  { user, text }: { readonly user: string; readonly text: string },
): AddKeyResult {
  requireAdministrator(deps);
  requireUser(deps, user);
  const given = readGivenKeys(text);
  return changeKeys(deps, (present) => {
    const owners = new Map(present.map((key) => [key.blob, key.user]));
    for (const key of given) {
      const owner = owners.get(key.blob);
      if (owner !== undefined && owner !== user) throw othersKey(key, owner);
    }
    const added = given.filter((key) => !owners.has(key.blob));
    return {
      keys: [...present, ...added.map((key) => ({ user, ...key }))],
      result: { user, added: added.map(listedKey), known: given.filter((key) => owners.has(key.blob)).map(listedKey) },
    };
  });
}

/**
 * Takes a key away from a user. Connections that are open stay open.
 * @param input.key its fingerprint or its comment
 * @throws {DevboxError} KEY_NOT_FOUND, USAGE when several have that comment; NOT_PERMITTED, WRONG_STATE, STATE_UNWRITABLE
 */
export function removeKey(deps: UserDeps, { user, key }: { readonly user: string; readonly key: string }): ListedKey {
  requireAdministrator(deps);
  return changeKeys(deps, (present) => {
    const own = present.filter((one) => one.user === user);
    const found = own.filter((one) => fingerprint(one) === key || one.comment === key);
    const [first] = found;
    if (first === undefined) throw noSuchKey(user, key, own);
    if (found.length > 1) throw severalKeys(user, key, found);
    return { keys: present.filter((one) => one.blob !== first.blob), result: listedKey(first) };
  });
}

/** Takes all keys away from a user. @returns those that there were */
export function removeAllKeys(deps: UserDeps, user: string): ListedKey[] {
  return changeKeys(deps, (present) => ({
    keys: present.filter((key) => key.user !== user),
    result: present.filter((key) => key.user === user).map(listedKey),
  }));
}

/** Changes the file while no other command does. One that would stay as it is is not written. */
function changeKeys<T>(
  { ledger, keys }: Pick<UserDeps, "ledger" | "keys">,
  change: (present: BoundKey[]) => { readonly keys: readonly BoundKey[]; readonly result: T },
): T {
  return ledger.exclusively(() => {
    const before = keys.read();
    const { keys: next, result } = change(parseAuthorizedKeys(before, keys.file));
    const text = formatAuthorizedKeys(next, keys.program);
    if (text !== before && (next.length > 0 || before !== "")) keys.write(text);
    return result;
  });
}

function othersKey(key: SshKey, owner: string): DevboxError {
  return new DevboxError("WRONG_STATE", `this key is ${owner}'s: ${fingerprint(key)}; no key was added.`, {
    why: "Who comes is known by the key, so one key is one person.",
    next: [
      "Ask for a key of their own: ssh-keygen -t ed25519",
      `Or take it away first: devbox-ctl user remove-key ${owner} ${fingerprint(key)}`,
    ],
  });
}

function noSuchKey(user: string, key: string, own: readonly BoundKey[]): DevboxError {
  const next = own.map(
    (one) => `devbox-ctl user remove-key ${user} ${fingerprint(one)}${one.comment === "" ? "" : `   (${one.comment})`}`,
  );
  return new DevboxError("KEY_NOT_FOUND", `${quote(user)} has no key ${quote(key)}.`, {
    why: own.length === 0 ? "They have no key at all here." : undefined,
    next: own.length === 0 ? ["See who has which: devbox-ctl user list"] : next.slice(0, 10),
  });
}

function severalKeys(user: string, key: string, found: readonly BoundKey[]): DevboxError {
  return new DevboxError("USAGE", `${String(found.length)} keys of ${user} have the comment ${quote(key)}.`, {
    next: found.slice(0, 10).map((one) => `devbox-ctl user remove-key ${user} ${fingerprint(one)}`),
  });
}
