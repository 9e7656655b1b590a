import { Secret } from "../../core/secret.ts";
import { MINUTE, SECOND } from "../../core/time.ts";
import { type Api, ask } from "./api.ts";
import type { Credential } from "./credentials.ts";
import { parsed, strange } from "./errors.ts";

/** What goes with every question. */
export interface Bearer {
  /** @throws {DevboxError} as the port Tailnet says */
  get(): Promise<Secret>;
  /** Whether another one may be had after this one was refused; {@link get} then fetches it. */
  renew(): boolean;
}

/** A token is no longer used so long before its end, in milliseconds: a question takes time. */
const MARGIN = MINUTE;

/** An API key is itself what goes with a question; an OAuth client fetches a token, which is kept for its life. */
export function bearerFor(api: Api, credential: Credential): Bearer {
  if (credential.kind === "key") return { get: () => Promise.resolve(credential.key), renew: () => false };
  let token: { readonly secret: Secret; readonly until: number; used: boolean } | undefined;
  return {
    get: async () => {
      if (token !== undefined && api.clock.now() < token.until) {
        token.used = true;
        return token.secret;
      }
      const { secret, life } = await fetchToken(api, credential);
      token = { secret, until: api.clock.now() + life - MARGIN, used: false };
      return secret;
    },
    renew: () => {
      const old = token?.used === true;
      token = undefined;
      return old;
    },
  };
}

async function fetchToken(
  api: Api,
  { clientId, key }: Extract<Credential, { kind: "client" }>,
): Promise<{ secret: Secret; life: number }> {
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: key.reveal() };
  const answer = await ask(api, {
    method: "POST",
    path: "/api/v2/oauth/token",
    body: { type: "application/x-www-form-urlencoded", text: new URLSearchParams(form).toString() },
    secrets: [key],
    // A token that was given and got lost does no harm: it ends by itself.
    repeatable: true,
  });
  const body = parsed(answer.text);
  const { access_token: token, expires_in: seconds } = (body ?? {}) as Record<string, unknown>;
  if (typeof token !== "string" || !/^[\x21-\x7e]{8,4096}$/.test(token)) {
    // Not a word of it: half of an answer may hold a whole token.
    throw strange(api.peer, "It has no access_token.");
  }
  return { secret: new Secret(token), life: typeof seconds === "number" ? seconds * SECOND : MARGIN };
}
