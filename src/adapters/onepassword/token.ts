import { join } from "node:path";
import { DevboxError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { printable } from "../../core/text.ts";

export interface TokenSources {
  /** What OP_SERVICE_ACCOUNT_TOKEN held. */
  readonly environment: Secret | undefined;
  /** systemd's $CREDENTIALS_DIRECTORY. */
  readonly credentials: string | undefined;
  /** `secrets.tokenFile`. */
  readonly tokenFile: string | null;
  /** Reads a file that nobody else can read; undefined when there is none. */
  readonly read: (file: string, options: { what: string; rootGroupMayRead?: boolean }) => Secret | undefined;
}

const WHAT = "1Password's service account token";
const VARIABLE = "OP_SERVICE_ACCOUNT_TOKEN";
const SHAPE = /^ops_[\w+/=-]{16,4096}$/;

/**
 * The service account's token from the first place that has one: the environment, systemd's credential `op-token`, the
 * configured file. FR-044, FR-045
 * @throws {DevboxError} SECRETS_NO_TOKEN, SECRETS_BAD_TOKEN, SECRETS_EXPOSED, SECRETS_FAILED
 */
export function findToken({ environment, credentials, tokenFile, read }: TokenSources): Secret {
  if (environment !== undefined) return shaped(environment, VARIABLE);
  if (credentials?.startsWith("/") === true) {
    const file = join(credentials, "op-token");
    const credential = read(file, { what: WHAT, rootGroupMayRead: true });
    if (credential !== undefined) return shaped(credential, file);
  }
  if (tokenFile !== null) {
    const found = read(tokenFile, { what: WHAT });
    if (found !== undefined) return shaped(found, tokenFile);
  }
  throw new DevboxError("SECRETS_NO_TOKEN", `${WHAT} is not here.`, {
    why:
      tokenFile === null
        ? `${VARIABLE} is not set, there is no systemd credential op-token, and secrets.tokenFile names no file.`
        : `${VARIABLE} is not set, there is no systemd credential op-token, and no file ${printable(tokenFile)}.`,
    next: [
      "An administrator puts it into a file of the service's user, mode 0600, and names that: secrets.tokenFile",
      "Or hands it over by systemd: LoadCredential=op-token:/path; all ways: docs/secrets.md",
    ],
  });
}

function shaped(found: Secret, from: string): Secret {
  const token = found.reveal().trim();
  if (SHAPE.test(token)) return new Secret(token);
  throw new DevboxError("SECRETS_BAD_TOKEN", `what is in ${printable(from)} is no service account token.`, {
    why: flaw(token),
    next: [
      "An administrator puts the token there as 1Password gave it (ops_…), alone",
      "A lost token cannot be shown again; how a new one is made: docs/secrets.md",
    ],
  });
}

/** What is wrong with it, without a word of it. */
function flaw(text: string): string {
  if (text === "") return "It is empty.";
  if (/^(export )?OP_SERVICE_ACCOUNT_TOKEN=/.test(text))
    return `It begins with ${VARIABLE}=; only the token is wanted.`;
  if (text.includes("\n")) return "It has more than one line.";
  if (text.startsWith("ops_"))
    return "It begins like one and is too short, too long, or has characters that do not belong.";
  return "It does not begin with ops_.";
}
