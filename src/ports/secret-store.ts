import type { Secret } from "../core/secret.ts";

/** Where users' auth keys are kept. */
export interface SecretStore {
  /** Where a user's key is looked for, in words for a person: `1Password · DevBox/alice-tailscale-authkey`. */
  place(user: string): string;
  /**
   * Reads a user's auth key: one read, which is repeated only where nothing was answered. FR-046, FR-047
   * @param signal gives it up
   * @throws {DevboxError} the SECRETS_ codes, each with the next step for whoever can take it; INTERRUPTED
   */
  authKey(user: string, signal: AbortSignal): Promise<Secret>;
  /**
   * What can be known without asking a server: a token that is missing or malformed, a directory that others can read.
   * @param user whose key is to be there as well, where that can be seen
   * @throws {DevboxError} the SECRETS_ codes
   */
  check(user?: string): Promise<void>;
}
