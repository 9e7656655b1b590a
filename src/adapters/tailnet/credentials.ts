import { join } from "node:path";
import type { TailnetConfig } from "../../core/config/config.ts";
import { DevboxError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { quote } from "../../core/text.ts";

/** With what the control plane is asked. */
export type Credential =
  | { readonly kind: "key"; readonly key: Secret; readonly place: string }
  | { readonly kind: "client"; readonly clientId: string; readonly key: Secret; readonly place: string };

export interface Sources {
  readonly api: TailnetConfig["api"];
  readonly provider: "tailscale" | "headscale";
  /** systemd's $CREDENTIALS_DIRECTORY. */
  readonly credentials: string | undefined;
  /** Reads a file that nobody else can read; undefined when there is none. */
  readonly read: (file: string, options: { what: string; rootGroupMayRead: boolean }) => Secret | undefined;
}

interface Place {
  readonly file: string;
  /** Whether systemd put it there, with rights that only look open. */
  readonly isSystemds: boolean;
}

/** Systemd's names of the two credentials. */
const CREDENTIAL = { key: "tailnet-api", client: "tailnet-client-secret" } as const;

const HOW = {
  tailscale: "Make an API key or an OAuth client with the scope devices:core in Tailscale's admin console",
  headscale: "Make an API key on headscale's host: headscale apikeys create --expiration 90d",
} as const;

/**
 * Reads the credential that is configured.
 * @throws {DevboxError} TAILNET_NOT_SET_UP, SECRETS_EXPOSED, SECRETS_FAILED
 */
export function readCredential(sources: Sources): Credential {
  const { api, provider } = sources;
  if (api.clientId === null) {
    const place = placeOf(sources, "key");
    const key = keyIn(sources, place, /^tskey-api-|^hskey-api-|^(?![th]skey-)/, "API key");
    return { kind: "key", key, place: quote(place.file) };
  }
  if (provider === "headscale" || api.tokenFile !== null) {
    throw new DevboxError("TAILNET_NOT_SET_UP", "the credential for the tailnet is not clear.", {
      why:
        provider === "headscale"
          ? "tailnet.api.clientId is set, and headscale has no OAuth clients."
          : "Both tailnet.api.tokenFile and tailnet.api.clientId are set.",
      next: ["Remove one of them from the configuration: devbox-ctl config show"],
    });
  }
  const place = placeOf(sources, "client");
  const key = keyIn(sources, place, /^tskey-client-|^(?!tskey-)/, "OAuth client's secret");
  return { kind: "client", clientId: api.clientId, key, place: quote(place.file) };
}

function placeOf({ api, provider, credentials }: Sources, kind: "key" | "client"): Place {
  const named = kind === "key" ? api.tokenFile : api.clientSecretFile;
  if (named !== null) return { file: named, isSystemds: false };
  if (credentials?.startsWith("/") === true) return { file: join(credentials, CREDENTIAL[kind]), isSystemds: true };
  const setting = `tailnet.api.${kind === "key" ? "tokenFile" : "clientSecretFile"}`;
  throw new DevboxError("TAILNET_NOT_SET_UP", "there is no credential to look at the tailnet's devices with.", {
    why: `${setting} names no file, and there is no systemd credential ${CREDENTIAL[kind]}.`,
    next: [
      HOW[provider],
      "Put it into a file that nobody else can read (chmod 600)",
      `Name that file in the configuration: ${setting}; all ways: docs/tailnet.md`,
    ],
  });
}

function keyIn({ read }: Sources, { file, isSystemds }: Place, shape: RegExp, what: string): Secret {
  const found = read(file, { what: `the ${what} for the tailnet`, rootGroupMayRead: isSystemds });
  const text = found?.reveal().trim();
  const wrong = text === undefined ? "There is no such file." : flaw(text, shape);
  if (wrong === undefined) return new Secret(text ?? "");
  throw new DevboxError("TAILNET_NOT_SET_UP", `there is no ${what} in ${quote(file)}.`, {
    why: wrong,
    next: [
      "Put it there, alone on one line, in a file that nobody else can read (chmod 600)",
      "devbox-ctl config show",
    ],
  });
}

/** What is wrong with it, without a word of it but its kind. */
function flaw(text: string, shape: RegExp): string | undefined {
  if (text === "") return "The file is empty.";
  if (!/^[\x21-\x7e]{1,1024}$/.test(text))
    return "It holds something else than one line of plain letters, digits and signs.";
  return shape.test(text) ? undefined : `It holds a key of another kind: ${/^[th]skey-[a-z]*/.exec(text)?.[0] ?? ""}-…`;
}
