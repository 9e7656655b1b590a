import type { HostFacts } from "../core/host/facts.ts";
import type { FoundItem, HostItem } from "../core/host/items.ts";
import type { SshdWanted } from "../core/host/sshd.ts";

/** A program that is not there, and the Debian package that brings it. */
export interface Missing {
  readonly program: string;
  readonly packageName: string;
}

/** What decides which facts are looked for. */
export interface FactsWanted {
  readonly account: string;
  /** The account's home. */
  readonly home: string;
  readonly adminGroups: readonly string[];
  /** The configuration's podman command. */
  readonly podman: string;
}

/** What setup has made so far, so that it can be taken back. */
export interface Manifest {
  readonly account: string;
  readonly home: string;
  /** Ids of items, in the order in which they were made. */
  readonly made: readonly string[];
  /** The configuration as setup wrote it; undefined when it was there. */
  readonly config?: string | undefined;
}

/** What items have in common. */
export interface ApplyParts {
  /** The account's home. */
  readonly home: string;
  /** The program's path as sudo is to take it. */
  readonly program: string;
  /** What sshd is to do, and for which account. */
  readonly sshd: SshdWanted;
}

/** How a program ended. */
export interface Ended {
  /** -1 when it never began. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine as its administrator sees it. Everything here needs root. */
export interface HostSystem {
  isRoot(): boolean;
  /** Whether systemd is PID 1. */
  hasSystemd(): boolean;
  missing(needs: { readonly sshd: boolean }): Missing[];
  /** Installs packages by apt. @throws {DevboxError} */
  install(packages: readonly string[]): Promise<void>;
  /** The usual group of administrators, wheel or sudo, and its members. */
  administrators(): Promise<{ readonly group: string | undefined; readonly members: readonly string[] }>;
  facts(wanted: FactsWanted): Promise<HostFacts>;
  /** What is there where items belong. In the account's home it is looked at as the account. */
  look(items: readonly HostItem[], parts: { readonly account: string; readonly home: string }): Promise<FoundItem[]>;
  /** @throws {DevboxError} when sshd would refuse the text, or other settings than its own would be in force */
  checkSshd(text: string, wanted: SshdWanted): Promise<void>;
  /** Makes or mends one item. @throws {DevboxError} */
  apply(found: FoundItem, parts: ApplyParts): Promise<void>;
  /** After all items: has systemd look again at what changed, removes program versions that nothing uses. */
  settle(changed: readonly HostItem[], parts: ApplyParts): Promise<void>;
  /** Takes an item back, by its id. @returns why it stays, when it does */
  remove(id: string, manifest: Manifest): Promise<string | undefined>;
  readManifest(): Manifest | undefined;
  /** @param manifest undefined: there is nothing left to take back */
  keepManifest(manifest: Manifest | undefined): Promise<void>;
  /** Runs words as the account, in its systemd manager's surroundings. */
  asAccount(account: string, argv: readonly string[]): Promise<Ended>;
  /** Whether the account's Podman says that it has no such image. */
  lacksImage(account: string, wanted: { readonly podman: string; readonly image: string }): Promise<boolean>;
  /** Starts a unit of the system and waits until it is done, when it is one that ends. @returns whether it ended well */
  startUnit(name: string): Promise<boolean>;
  /** Starts the account's systemd manager, as far as it does not run. @throws {DevboxError} */
  startManager(account: string): Promise<void>;
  /** Holds off another setup until this process ends. @throws {DevboxError} BUSY */
  lock(): Promise<void>;
}
