import { DevboxError, type ErrorCode, messageOf } from "../../core/errors.ts";
import { redacted, type Secret } from "../../core/secret.ts";
import { authKeyItem } from "../../core/tailnet.ts";
import { fewLines, quote } from "../../core/text.ts";

/** Whose key was asked for, and in which vault. */
export interface Asked {
  readonly vault: string;
  readonly user: string;
}

type FailureCode = Extract<ErrorCode, `SECRETS_${string}`>;

/**
 * What 1Password's words mean; the first that fits. Where they are from:
 * - S: the SDK's own texts, in core_bg.wasm of @1password/sdk-core 0.5.0; those of HTTP answers were also seen, by
 *   running it against a server that gave these answers (test/integration/secrets-sdk.test.ts)
 * - P: recorded from op 2.x by zcutlip/pyonepassword, tests/config/mock-op, and its issue 137 (the rate limit)
 * - R: recorded from op 2.34 and 2.39 in tests of other public projects
 * - G: Go's own words for a network that does not answer, which op passes on
 */
const MEANINGS: readonly (readonly [RegExp, FailureCode])[] = [
  // S "rate limit exceeded"; P "(429) Too Many Requests: You've reached the maximum number … retry in 58 minutes".
  [/rate limit exceeded|rate-limited|\(429\)|too many requests/i, "SECRETS_RATE_LIMITED"],
  // S "error sending request", "request timeout"; G. Before the tokens: "error initializing client: … dial tcp".
  [/error sending request|request timeout|dial tcp|no such host|connection re(fused|set)/i, "SECRETS_UNREACHABLE"],
  [/i\/o timeout|context deadline exceeded|TLS handshake timeout|x509:|network is unreachable/i, "SECRETS_UNREACHABLE"],
  // S: what a token that was cut off, or is none, leads to, and one with a broken address inside (onepassword-sdk-js#89).
  [/service account (token|deserialization)|bad data provided to builder/i, "SECRETS_BAD_TOKEN"],
  // S: 401, and 403 at the sign-in, which is a service account that was deleted or suspended.
  [/you are not authenticated|bad credentials|session expired/i, "SECRETS_BAD_TOKEN"],
  [/authentication error: you don't have the right permissions/i, "SECRETS_BAD_TOKEN"],
  // P "Forbidden (Service Account Deleted)"; R "failed to DecodeSACredentials", "Signin credentials are not compatible".
  [/service account deleted|DecodeSACredentials|sign-?in credentials are not compatible/i, "SECRETS_BAD_TOKEN"],
  [/re-initialize service account session|\(401\)|invalid bearer token/i, "SECRETS_BAD_TOKEN"],
  // S "… to access this resource", "you do not have the right permissions …"; R "(403) Forbidden", "(101) You do not …".
  [/the right permissions|aren't authorized|\(403\)|not have permission/i, "SECRETS_FORBIDDEN"],
  // S "more than one item matched the secret reference query"; P "More than one item matches "…"".
  [/more than one (vault|item|field) match/i, "SECRETS_AMBIGUOUS"],
  // S; P ""DevBox" isn't a vault in this account".
  [/no vault matched|isn't a vault|vault couldn't be found/i, "SECRETS_NO_VAULT"],
  // S, an archived one is "not in an active state"; P, R ""…" isn't an item in the "DevBox" vault".
  [/no item matched|isn't an item|item couldn't be found|not in an active state/i, "SECRETS_NO_ITEM"],
  // S; R "item 'DevBox/…' does not have a field 'password'".
  [/field cannot be found|no section matched|does not have a field/i, "SECRETS_NO_FIELD"],
];

/** The error for what 1Password's SDK or its op command said when it gave no key. */
export function failureOf(words: string, asked: Asked, token: Secret): DevboxError {
  const code = MEANINGS.find(([pattern]) => pattern.test(words))?.[1] ?? "SECRETS_FAILED";
  const why = plainWords(words, token);
  const { message, next } = (TOLD[code] ?? TOLD.SECRETS_FAILED)(asked, words);
  return new DevboxError(code, message, { why: why === "" ? "It gave no reason." : why, next });
}

/** The error for a 1Password that says nothing. @param span milliseconds that were waited */
export function noAnswer(span: number): DevboxError {
  const { message, next } = TOLD.SECRETS_UNREACHABLE();
  const why = `It did not answer within ${String(Math.round(span / 100) / 10)} s (secrets.timeout).`;
  return new DevboxError("SECRETS_UNREACHABLE", message, { why, next });
}

/** What the SDK says before any trouble with the network, whatever it is; it would send people looking elsewhere. */
const MISLEADING = /request library compatibility issue, check that .* compatible versions: reqwest library: /;

/** Its words for a person: no secret, no control characters, no date in front, no more than a few lines. */
function plainWords(words: string, token: Secret): string {
  const lines = messageOf(redacted(words, token)).replace(MISLEADING, "").split("\n");
  const plain = lines.map((line) => line.replace(/^\[ERROR\] (\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?/, "").trimEnd());
  return fewLines(
    plain.filter((line) => line !== ""),
    4,
  );
}

interface Told {
  readonly message: string;
  /** Said to whoever can do it. */
  readonly next: readonly string[];
}

const MANUAL = "How it is set up: docs/secrets.md";

const keeper = (vault: string): string => `Whoever keeps the vault ${quote(vault)} has to`;
const newAccount = (vault: string): string =>
  `op service-account create devbox --vault ${quote(`${vault}:read_items`)}`;

/** What happened in our words, and what helps; for a code that is not here, what is under SECRETS_FAILED. */
const TOLD: Partial<Record<FailureCode, (asked: Asked, words: string) => Told>> & {
  readonly SECRETS_FAILED: () => Told;
  readonly SECRETS_UNREACHABLE: () => Told;
} = {
  SECRETS_BAD_TOKEN: () => ({
    message: "1Password does not accept the service account's token.",
    next: ["An administrator has to make a new token and put it where the old one was", MANUAL],
  }),
  SECRETS_FORBIDDEN: ({ vault }) => ({
    message: `the service account may not read the vault ${quote(vault)}.`,
    next: [`An administrator has to make one that may, and put its token in place: ${newAccount(vault)}`, MANUAL],
  }),
  SECRETS_NO_VAULT: ({ vault }) => ({
    message: `the service account sees no vault ${quote(vault)}.`,
    next: [
      "Is the name right? It is secrets.vault in the configuration; the vault's id does as well",
      `Else an administrator has to make a service account that may read it: ${newAccount(vault)}`,
    ],
  }),
  SECRETS_NO_ITEM: ({ vault, user }) => ({
    message: `1Password has no auth key for ${user}.`,
    next: [`${keeper(vault)} add (or restore) the item ${authKeyItem(user)}, with the key as its password`, MANUAL],
  }),
  SECRETS_NO_FIELD: ({ vault, user }) => ({
    message: `the item ${authKeyItem(user)} has no field "password".`,
    next: [`${keeper(vault)} put the key into a field of that name`, MANUAL],
  }),
  SECRETS_AMBIGUOUS: ({ vault, user }) => ({
    message: `1Password has more than one auth key for ${user}.`,
    next: [
      `${keeper(vault)} leave one item ${authKeyItem(user)} in it, with one field "password": rename or archive the others`,
      "With two vaults of one name, give the id of the right one in the configuration: secrets.vault",
    ],
  }),
  SECRETS_RATE_LIMITED: (_, words) => ({
    message: "1Password wants no more requests from this service account for now.",
    next: [retryIn(words), "An administrator sees what is left: op service-account ratelimit", MANUAL],
  }),
  SECRETS_UNREACHABLE: () => ({
    message: "1Password cannot be reached.",
    next: [
      "Look at this host's network and name service, then run the command again",
      "How 1Password is: https://status.1password.com",
    ],
  }),
  SECRETS_FAILED: () => ({
    message: "1Password gave no auth key.",
    next: ["Try again in some minutes; how 1Password is: https://status.1password.com", MANUAL],
  }),
};

function retryIn(words: string): string {
  const said = /retry in (\d+ [a-z]+(?: (?:and )?\d+ [a-z]+)?)/i.exec(words)?.[1];
  if (said !== undefined) return `Try again in ${said}`;
  return "Try again in an hour; when the limit of the day is reached, tomorrow";
}
