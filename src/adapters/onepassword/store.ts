import { authKeyFrom, authKeyReference, referableVault } from "../../core/auth-key.ts";
import { hasCode } from "../../core/errors.ts";
import { authKeyItem } from "../../core/tailnet.ts";
import { clipped } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SecretStore } from "../../ports/secret-store.ts";
import { interrupted } from "./ended.ts";
import type { Reader } from "./reader.ts";
import { findToken, type TokenSources } from "./token.ts";

interface OnePasswordOptions {
  readonly vault: string;
  /** Milliseconds for a read with all its tries. */
  readonly timeout: number;
  readonly token: TokenSources;
  readonly reader: Reader;
  readonly clock: Clock;
}

/** Milliseconds before the second try and the third. */
const PAUSES = [SECOND, 4 * SECOND];

/** Users' auth keys in one vault of 1Password, read with one service account's token. FR-014, FR-044 */
export function createOnePassword({ vault, timeout, token, reader, clock }: OnePasswordOptions): SecretStore {
  const place = (user: string): string => `1Password · ${clipped(vault)}/${authKeyItem(user)}`;
  return {
    place,
    check: async () => {
      await Promise.resolve();
      referableVault(vault);
      findToken(token);
    },
    authKey: async (user, signal) => {
      const reference = authKeyReference(vault, user);
      const secret = findToken(token);
      const read = (limit: number) =>
        reader({ reference, asked: { vault, user }, token: secret, timeout: limit, signal });
      return authKeyFrom(await patiently(read, { timeout, clock, signal }), place(user));
    },
  };
}

/**
 * Asks again only where nothing was answered: a refusal would be the same one, and each request counts against the
 * limits of the account.
 */
async function patiently(
  read: (limit: number) => Promise<string>,
  { timeout, clock, signal }: { timeout: number; clock: Clock; signal: AbortSignal },
): Promise<string> {
  const end = clock.monotonic() + timeout;
  for (const pause of PAUSES) {
    try {
      return await read(end - clock.monotonic());
    } catch (error) {
      if (!hasCode(error, "SECRETS_UNREACHABLE") || clock.monotonic() + pause >= end) throw error;
    }
    await clock.sleep(pause, signal);
    if (signal.aborted) throw interrupted();
  }
  return read(end - clock.monotonic());
}
