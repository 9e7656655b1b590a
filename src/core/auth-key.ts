import { DevboxError } from "./errors.ts";
import { Secret } from "./secret.ts";
import { authKeyItem } from "./tailnet.ts";
import { count, quote } from "./text.ts";

/** Longest text that is taken for a key, in characters; real ones have less than 120. */
const MOST = 512;

/** What a box can be logged in with. */
const KEYS: readonly RegExp[] = [
  /^tskey-auth-[\w-]+$/,
  // A client secret of OAuth, with tailscale's own attributes; another `baseURL` would send it elsewhere.
  /^tskey-client-[\w-]+(\?(ephemeral|preauthorized)=(true|false)(&(ephemeral|preauthorized)=(true|false))?)?$/,
  /^hskey-auth-[\w-]+$/,
  // headscale before 0.27.
  /^[0-9a-f]{48}$/,
];

/** What is given in place of an auth key now and then, by how it begins. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^tskey-api-/, "an API key of Tailscale (tskey-api-…)"],
  [/^hskey-api-/, "an API key of headscale (hskey-api-…)"],
  [/^tskey-client-/, "an OAuth client's secret (tskey-client-…) with something after it that is not known"],
  [/^(ts|hs)key-auth-/, "an auth key with characters in it that keys do not have"],
  [/^(ts|hs)key-/, "a key of another kind"],
  [/^ops_/, "a service account token of 1Password (ops_…)"],
  [/^op:\/\//, "a reference to another item (op://…)"],
  [/^file:/, "the name of a file (file:…)"],
  [/^https?:\/\//, "a web address"],
];

/**
 * Takes what a store holds for an auth key, without white space around it.
 * @param place where it was found, for a person
 * @throws {DevboxError} SECRETS_EMPTY, SECRETS_NOT_A_KEY; neither repeats anything of it
 */
export function authKeyFrom(text: string, place: string): Secret {
  const key = text.trim();
  const next = [
    `Put the user's auth key there, and nothing else: ${place}`,
    "Auth keys are made in Tailscale's admin console, Settings, Keys (tskey-auth-…), or by headscale preauthkeys create",
  ];
  if (key === "") throw new DevboxError("SECRETS_EMPTY", "there is nothing where the auth key should be.", { next });
  if (key.length <= MOST && KEYS.some((shape) => shape.test(key))) return new Secret(key);
  throw new DevboxError("SECRETS_NOT_A_KEY", "what was found is not an auth key.", {
    why: `It looks like ${likeness(key)}. What it says is not shown, since it may be a secret.`,
    next,
  });
}

function likeness(text: string): string {
  const lines = text.split(/\r?\n/).length;
  if (lines > 1) return count(lines, "line");
  const other = OTHERS.find(([start]) => start.test(text))?.[1];
  if (other !== undefined) return other;
  return text.length > MOST ? `a text of ${String(text.length)} characters` : "no key that is known";
}

/** Characters of a name in a secret reference; 1Password's rule, which takes an item's or a vault's id as well. */
const REFERABLE = /^[\w.-]+( +[\w.-]+)*$/;

/**
 * 1Password's reference to a user's auth key: `op://DevBox/alice-tailscale-authkey/password`. FR-046, FR-047, FR-048
 * @throws {DevboxError} INVALID_CONFIG or SECRETS_NO_ITEM for a vault or a user whose name cannot be part of one
 */
export function authKeyReference(vault: string, user: string): string {
  return `op://${referableVault(vault)}/${keyNameOf(user)}/password`;
}

/** @throws {DevboxError} INVALID_CONFIG */
export function referableVault(vault: string): string {
  if (REFERABLE.test(vault) && vault.length <= MOST) return vault;
  throw new DevboxError("INVALID_CONFIG", `the vault ${quote(vault)} cannot be named in a secret reference.`, {
    why: "1Password takes letters of the English alphabet, digits, spaces, hyphens, underscores and dots there.",
    next: ["Give the vault's id in its place (secrets.vault): op vault list", "Or rename the vault"],
  });
}

/**
 * Name of the item, or the file, with a user's auth key.
 * @throws {DevboxError} SECRETS_NO_ITEM for a user whose name could be another's, or lead elsewhere
 */
export function keyNameOf(user: string): string {
  // 1Password finds items without regard to case: with capitals allowed, Alice would be given the key of alice.
  if (/^[a-z0-9_][a-z0-9_.-]{0,63}$/.test(user)) return authKeyItem(user);
  throw new DevboxError("SECRETS_NO_ITEM", `no auth key can be kept for the user ${quote(user)}.`, {
    why: "Keys are found by the user's name, which may have small letters, digits, hyphens, underscores and dots. Capital letters are no different from small ones to 1Password, so one user could be given the key of another.",
    next: ["Ask an administrator for an account whose name has no other characters"],
  });
}
