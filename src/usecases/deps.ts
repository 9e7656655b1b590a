import type { Caller } from "../core/caller.ts";
import type { Config } from "../core/config/config.ts";
import type { Accounts } from "../ports/accounts.ts";
import type { ArchiveStore } from "../ports/archive-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { ContainerEngine } from "../ports/engine.ts";
import type { Host } from "../ports/host.ts";
import type { Ledger } from "../ports/ledger.ts";
import type { Channel } from "../ports/notifier.ts";
import type { Progress } from "../ports/progress.ts";
import type { SecretStore } from "../ports/secret-store.ts";
import type { SystemJournal } from "../ports/system-journal.ts";
import type { Tailnet } from "../ports/tailnet.ts";

/** What every use case is given: the ports, the configuration and who asks. */
export interface Deps {
  readonly engine: ContainerEngine;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly host: Host;
  readonly config: Config;
  readonly caller: Caller;
  /** Who may use boxes without being configured. */
  readonly accounts: Pick<Accounts, "isAdministrator">;
  readonly progress: Progress;
  /** Where auth keys are; made when it is first asked for, because its library is large. */
  readonly secrets: () => Promise<SecretStore>;
  /** The control plane of the configured tailnet; undefined when boxes join none. */
  readonly tailnet: () => Promise<Tailnet | undefined>;
  /** Channels that the configuration names, in its order; made when they are first asked for. */
  readonly channels: () => Promise<readonly Channel[]>;
  /** Where archives of homes are. */
  readonly archives: () => Promise<ArchiveStore>;
  /** Where audit records go besides the ledger; undefined where everybody runs their own boxes. */
  readonly systemJournal: () => Promise<SystemJournal | undefined>;
  /** Aborted when the user wants to stop; looked at between steps, never in the middle of one. */
  readonly interrupt: AbortSignal;
}
