import { describe, expect, it } from "vitest";
import { failureOf, noAnswer } from "../../src/adapters/onepassword/failures.ts";
import { Secret } from "../../src/core/secret.ts";

const TOKEN = new Secret("ops_eyJjYW5hcnkiOiJ0b2tlbiJ9");
const asked = { vault: "DevBox", user: "alice" };
const failed = (words: string) => failureOf(words, asked, TOKEN);

const OP = "[ERROR] 2026/01/31 09:00:00 ";
const UNREAD = `${OP}could not read secret 'op://DevBox/alice-tailscale-authkey/password': `;
const INIT = `${UNREAD}error initializing client: `;
const SDK_TOKEN =
  "invalid service account token, please make sure you provide a valid service account token as parameter:  ";
const RESOLVE = "error resolving secret reference: ";

/** Real words, of op and of the SDK, and what they mean. Where they are from is said in failures.ts. */
const TABLE: readonly (readonly [code: string, words: string])[] = [
  [
    "SECRETS_BAD_TOKEN",
    "invalid user input: encountered the following errors: service account token had invalid format",
  ],
  ["SECRETS_BAD_TOKEN", `${SDK_TOKEN}service account deserialization failed, please create another token`],
  ["SECRETS_BAD_TOKEN", `${SDK_TOKEN}service account token base64 decoding failed, please create another token`],
  ["SECRETS_BAD_TOKEN", "authentication error: you are not authenticated"],
  [
    "SECRETS_BAD_TOKEN",
    "authentication error: bad service account token, please rotate it: invalid user auth parameters within token",
  ],
  ["SECRETS_BAD_TOKEN", "authentication error: you don't have the right permissions to access this resource"],
  [
    "SECRETS_BAD_TOKEN",
    "authentication error: request library compatibility issue, check that the your environment uses compatible versions: reqwest library: bad data provided to builder",
  ],
  [
    "SECRETS_BAD_TOKEN",
    `${INIT}Validation: (failed to session.DecodeSACredentials), Server: (failed to DecodeSACredentials), illegal base64 data at input byte 12`,
  ],
  [
    "SECRETS_BAD_TOKEN",
    `${OP}error initializing client: Authentication: (failed to auth.LookupAuth), Network: (failed to request.DoUnencrypted), Server: (403) (Forbidden (Service Account Deleted)), The Service Account used in this integration has been deleted.`,
  ],
  ["SECRETS_BAD_TOKEN", `${INIT}Signin credentials are not compatible with the provided user auth from server`],
  ["SECRETS_BAD_TOKEN", `${OP}failed to re-initialize service account session`],
  ["SECRETS_BAD_TOKEN", `${OP}(401) Unauthorized: invalid bearer token`],
  ["SECRETS_FORBIDDEN", `${RESOLVE}you do not have the right permissions to perform this action: read`],
  ["SECRETS_FORBIDDEN", `${OP}(403) Forbidden: You aren't authorized to access this resource.`],
  ["SECRETS_FORBIDDEN", `${OP}(101) You do not have permission to perform this action`],
  ["SECRETS_NO_VAULT", `${RESOLVE}no vault matched the secret reference query`],
  [
    "SECRETS_NO_VAULT",
    `${UNREAD}could not get item DevBox/alice-tailscale-authkey: "DevBox" isn't a vault in this account. Specify the vault with its ID or name.`,
  ],
  ["SECRETS_NO_ITEM", `${RESOLVE}no item matched the secret reference query`],
  ["SECRETS_NO_ITEM", `${RESOLVE}item is not in an active state`],
  [
    "SECRETS_NO_ITEM",
    `${UNREAD}could not get item DevBox/alice-tailscale-authkey: "alice-tailscale-authkey" isn't an item in the "DevBox" vault. Specify the item with its UUID, name, or domain.`,
  ],
  ["SECRETS_NO_FIELD", `${RESOLVE}the specified field cannot be found within the item`],
  ["SECRETS_NO_FIELD", `${UNREAD}item 'DevBox/alice-tailscale-authkey' does not have a field 'password'`],
  ["SECRETS_AMBIGUOUS", `${RESOLVE}more than one vault matched the secret reference query`],
  ["SECRETS_AMBIGUOUS", `${RESOLVE}more than one item matched the secret reference query`],
  ["SECRETS_AMBIGUOUS", `${RESOLVE}more than one field matched the secret reference`],
  [
    "SECRETS_AMBIGUOUS",
    `${OP}More than one item matches "alice-tailscale-authkey". Try again and specify the item by its ID: \n\t* for the item "alice-tailscale-authkey" in vault DevBox: vwyt5in4gempt67i7d2mpao6c4`,
  ],
  ["SECRETS_RATE_LIMITED", "authentication error: rate limit exceeded"],
  [
    "SECRETS_RATE_LIMITED",
    `${OP}(429) Too Many Requests: You've reached the maximum number of this type of requests this service account is allowed to make. Please retry in 58 minutes or try other requests.`,
  ],
  [
    "SECRETS_UNREACHABLE",
    "authentication error: request library compatibility issue, check that the your environment uses compatible versions: reqwest library: error sending request",
  ],
  ["SECRETS_UNREACHABLE", `${RESOLVE}request timeout`],
  ...[
    'Post "https://my.1password.com/api/v3/auth/start": dial tcp: lookup my.1password.com: no such host',
    'Post "https://my.1password.com/api/v3/auth/start": dial tcp 104.18.0.1:443: connect: connection refused',
    "read: context deadline exceeded",
    "net/http: TLS handshake timeout",
    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  ].map((words) => ["SECRETS_UNREACHABLE", `${INIT}authenticating with the server: ${words}`] as const),
  ["SECRETS_FAILED", "authentication error: internal server error"],
  ["SECRETS_FAILED", "authentication error: unexpected status code in response: 503 Service Unavailable"],
  [
    "SECRETS_FAILED",
    "authentication error: when deserializing HTTP responses into the corresponding types in unauthenticated request: <redacted json data error>",
  ],
  ["SECRETS_FAILED", `${OP}unknown flag: --no-newline`],
  ["SECRETS_FAILED", ""],
];

describe("what 1Password says when it gives no key", () => {
  it.each(TABLE)("is %s: %s [FR-014]", (code, words) => {
    const error = failed(words);
    expect(error).toMatchObject({ code, exitCode: 8 });
    expect(error.message).toMatch(/\.$/);
    expect(error.why).toMatch(/\S/);
    expect(error.why).not.toMatch(/\[ERROR\]|compatib.*reqwest/);
    expect(error.next.length).toBeGreaterThan(0);
  });

  it("is told apart by what one reads and what one is to do [FR-014]", () => {
    const codes = new Set(TABLE.map(([code]) => code));
    const messages = new Map(TABLE.map(([code, words]) => [code, failed(words)]));
    expect(new Set([...messages.values()].map(({ message }) => message)).size).toBe(codes.size);
    expect(new Set([...messages.values()].map(({ next }) => next.join())).size).toBe(codes.size);
  });

  it("says when to try again, if it was said [FR-014]", () => {
    const next = (words: string) => failed(words).next[0];
    const limited = (time: string) => next(`(429) Too Many Requests: … Please retry in ${time} or try other requests.`);
    expect(limited("58 minutes")).toBe("Try again in 58 minutes");
    expect(limited("1 hour 3 minutes")).toBe("Try again in 1 hour 3 minutes");
    expect(limited("23 hours and 5 minutes")).toBe("Try again in 23 hours and 5 minutes");
    expect(next("rate limit exceeded")).toMatch(/^Try again in an hour; .* tomorrow$/);
  });

  it("is repeated without secrets, control characters and length [FR-015]", () => {
    const error = failed(
      `[ERROR] \u001b[2J ${TOKEN.reveal()} tskey-auth-canary\n${"x".repeat(5000)}\n${"line\n".repeat(50)}`,
    );
    const all = JSON.stringify([error.message, error.why, error.next, error]);
    expect(all).not.toMatch(/canary|eyJjYW5hcnk/);
    // eslint-disable-next-line no-control-regex -- they must not come out
    expect(error.why).not.toMatch(/\u001b/);
    expect(error.why!.length).toBeLessThan(1000);
    expect(error.why).toContain("… and 48 more");
  });

  it("is silence after a while, of which the time is told [FR-014]", () => {
    expect(noAnswer(30_000)).toMatchObject({
      code: "SECRETS_UNREACHABLE",
      why: "It did not answer within 30 s (secrets.timeout).",
    });
  });
});
