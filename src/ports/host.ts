import type { ProcessIdentity } from "../core/operation.ts";
import type { HostFree } from "../core/limits.ts";
import type { Millis } from "../core/time.ts";

/** What the machine itself knows. All of it is read from the kernel; nothing is started. */
export interface Host {
  /** What the machine calls itself. */
  name(): string;
  /** CPU cores this process may use. */
  cores(): number;
  /** Memory and disk that are free now; `storage` is the engine's storage directory when known. */
  free(storage: string | undefined): HostFree;
  /** Milliseconds since the machine was booted, with the time that it slept. */
  uptime(): Millis;
  /** This very process. */
  self(): ProcessIdentity;
  /** Whether exactly that process still runs. */
  isAlive(process: ProcessIdentity): boolean;
  /**
   * Waits until no engine process that was started under a token is left, because a killed command's
   * engine call goes on without it.
   * @param limit milliseconds
   * @returns false when some were still there at the limit.
   */
  waitForOrphans(token: string, limit: number): Promise<boolean>;
  /** What a user has of the things that rootless boxes need. */
  rootlessSetup(user: string): RootlessSetup;
  /** A new random id of lower-case letters and digits. */
  newId(length: number): string;
}

/** What a user needs for rootless boxes. */
export interface RootlessSetup {
  /** Subordinate user ids, or group ids where those are fewer. */
  readonly subids: number;
  /** Whether XDG_RUNTIME_DIR is set and there. */
  readonly runtimeDir: boolean;
  /** Whether the user's processes outlive their logins; undefined without systemd. */
  readonly lingers: boolean | undefined;
}
