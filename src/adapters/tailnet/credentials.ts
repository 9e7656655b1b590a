import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TailnetConfig } from "../../core/config/config.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { exposure } from "../../core/private-file.ts";
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
}

/** Systemd's names of the two credentials. */
const CREDENTIAL = { key: "tailnet-api", client: "tailnet-client-secret" } as const;

/** Most bytes of a credential's file; the longest are some 200. */
const MOST = 8 * 1024;

const HOW = {
  tailscale: "Make an API key or an OAuth client with the scope devices:core in Tailscale's admin console",
  headscale: "Make an API key on headscale's host: headscale apikeys create --expiration 90d",
} as const;

/**
 * Reads the credential that is configured.
 * @throws {DevboxError} TAILNET_NOT_SET_UP, SECRETS_EXPOSED
 */
export function readCredential(sources: Sources): Credential {
  const { api, provider } = sources;
  if (api.clientId === null) {
    const file = fileOf(sources, "key");
    return {
      kind: "key",
      key: keyIn(file, /^tskey-api-|^hskey-api-|^(?![th]skey-)/, "an API key"),
      place: quote(file),
    };
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
  const file = fileOf(sources, "client");
  const key = keyIn(file, /^tskey-client-|^(?!tskey-)/, "an OAuth client's secret");
  return { kind: "client", clientId: api.clientId, key, place: quote(file) };
}

function fileOf({ api, provider, credentials }: Sources, kind: "key" | "client"): string {
  const named = kind === "key" ? api.tokenFile : api.clientSecretFile;
  if (named !== null) return named;
  if (credentials !== undefined && credentials !== "") return join(credentials, CREDENTIAL[kind]);
  throw new DevboxError("TAILNET_NOT_SET_UP", "there is no credential to look at the tailnet's devices with.", {
    why: `Neither tailnet.api.${kind === "key" ? "tokenFile" : "clientSecretFile"} nor systemd's credential ${CREDENTIAL[kind]} is there.`,
    next: [
      HOW[provider],
      "Put it into a file that nobody else can read (chmod 600)",
      `Name that file in the configuration: tailnet.api.${kind === "key" ? "tokenFile" : "clientSecretFile"}`,
    ],
  });
}

function keyIn(file: string, shape: RegExp, what: string): Secret {
  const text = readPrivate(file).trim();
  const wrong =
    text === ""
      ? "The file is empty."
      : !/^[\x21-\x7e]{1,1024}$/.test(text)
        ? "It is not one line of plain letters, digits and signs."
        : shape.test(text)
          ? undefined
          : `It is a key of another kind: ${/^[th]skey-[a-z]*/.exec(text)?.[0] ?? ""}-…`;
  if (wrong === undefined) return new Secret(text);
  throw new DevboxError("TAILNET_NOT_SET_UP", `what ${quote(file)} holds is not ${what}.`, {
    why: wrong,
    next: [`Put ${what} into it, alone on one line`],
  });
}

function readPrivate(file: string): string {
  const fd = opened(file);
  try {
    // Looked at after it is open, so that it is the file that is read.
    const { mode, uid, size } = fstatSync(fd);
    const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
    if (!isFile || size > MOST) {
      throw new DevboxError("TAILNET_NOT_SET_UP", `${quote(file)} is no credential.`, {
        why: isFile ? `It has ${size} bytes.` : "It is not a regular file.",
        next: ["Check the configuration: devbox-ctl config show"],
      });
    }
    const exposed = exposure({ mode, uid }, process.getuid?.() ?? -1);
    if (exposed === undefined) return readFileSync(fd, "utf8");
    throw new DevboxError("SECRETS_EXPOSED", `the credential in ${quote(file)} is open to others.`, {
      why: `The file ${exposed}.`,
      next: [`Close it: chmod 600 ${quote(file)}`, "Make a new credential if others may have read this one"],
    });
  } finally {
    closeSync(fd);
  }
}

function opened(file: string): number {
  try {
    // A pipe without a writer would be waited for.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new DevboxError("TAILNET_NOT_SET_UP", `the credential's file ${quote(file)} cannot be read.`, {
      why: messageOf(error),
      next: ["Put the credential there, as the user that devbox-ctl runs as", "devbox-ctl config show"],
    });
  }
}
