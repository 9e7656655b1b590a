import type { DevTailnetRecord } from "../core/dev-tailnet/record.ts";
import type { Secret } from "../core/secret.ts";
import type { Millis } from "../core/time.ts";

/** The programs that it takes, as absolute paths. */
export interface TailnetTools {
  readonly headscale: string;
  readonly tailscaled: string;
  readonly tailscale: string;
}

/** Where things are, as absolute paths. */
export interface DevTailnetPlaces {
  /** Everything of it, 0700. */
  readonly dir: string;
  /** The configuration file that makes boxes join. */
  readonly config: string;
  readonly keys: string;
  readonly apiKey: string;
  /** Where boxes of a configuration of its own are remembered. */
  readonly stateDir: string;
  /** The configuration file for boxes there that are left when the rest is gone. */
  readonly leftConfig: string;
  readonly log: string;
}

/** A process of ours: `died` is one that nobody ended, or that went with the machine. */
export type DaemonState = "running" | "died" | "off";

/** A key that headscale has, by as much of it as it shows. */
export interface ShownKey {
  /** The key's beginning, long enough to tell it from all others. */
  readonly prefix: string;
  readonly expiresAt: Millis;
}

export interface DevNode {
  readonly id: string;
  /** The name under which it is found. */
  readonly name: string;
  /** Whose it is; undefined for one that has tags instead. */
  readonly user: string | undefined;
  readonly tags: readonly string[];
  readonly addresses: readonly string[];
  readonly online: boolean;
}

/** What headscale is asked for. All throw {@link DevboxError} TAILNET_FAILED, or TAILNET_API_REFUSED for the API key. */
export interface DevControl {
  /** User ids by name. */
  users(): Promise<ReadonlyMap<string, string>>;
  addUser(name: string): Promise<string>;
  authKeys(): Promise<ShownKey[]>;
  apiKeys(): Promise<ShownKey[]>;
  addAuthKey(wish: NewAuthKey): Promise<Secret>;
  nodes(): Promise<DevNode[]>;
}

interface NewAuthKey {
  /** User id of the device's owner; a key with tags needs none. */
  readonly user?: string;
  readonly tags: readonly string[];
  /** Whether it admits more than one device. */
  readonly reusable: boolean;
  /** Milliseconds that it is good for. */
  readonly life: number;
}

/** A device of a person on this machine. */
export interface DevClient {
  /** Ends it; it is the same device when it is started again. */
  stop(): Promise<void>;
  /**
   * Starts it unless it runs, and logs it in unless it is; `key` is asked for only then.
   * @throws {DevboxError} TAILNET_FAILED
   */
  join(tools: TailnetTools, login: { readonly url: string; readonly key: () => Promise<Secret> }): Promise<void>;
  /** The address of a device that it sees, by its name; undefined when there is none that it may see. */
  addressOf(tools: TailnetTools, name: string): Promise<string | undefined>;
  /** Runs `ssh` with the caller's own streams. @returns its exit code */
  ssh(tools: TailnetTools, address: string, command: readonly string[] | undefined): Promise<number>;
}

/** A headscale on this machine, with what belongs to it. */
export interface DevTailnet {
  readonly places: DevTailnetPlaces;
  /** Does something that no two commands may do at once. @throws {DevboxError} BUSY, STATE_UNWRITABLE, HOST_DISK */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The programs: from PATH, from the cache, or built, which takes minutes.
   * @throws {DevboxError} TAILNET_NOT_SET_UP when they are not there and cannot be built
   */
  tools(onLine: (line: string) => void): Promise<TailnetTools>;
  /** This machine's addresses but for the loopback's, those that boxes reach most likely first. */
  addresses(): readonly string[];
  /** A port of an address of this machine that nobody listens on, neither TCP nor UDP. @throws {DevboxError} TAILNET_FAILED */
  freePort(address: string): Promise<number>;
  /** @throws {DevboxError} WRONG_STATE */
  record(): DevTailnetRecord | undefined;
  /** Keeps the record, and makes headscale's configuration and its rules from it. @returns whether the rules differ */
  keep(record: DevTailnetRecord): boolean;
  state(): DaemonState;
  /**
   * Starts headscale as the record says, and waits until it answers.
   * @returns false when a port is taken
   * @throws {DevboxError} TAILNET_FAILED with what it said last
   */
  start(tools: TailnetTools, record: DevTailnetRecord): Promise<boolean>;
  /** Lets a headscale that runs read its rules anew. */
  reload(): void;
  /** Ends it, and the clients; what they have is kept. */
  stop(): Promise<void>;
  /** Makes an API key by way of the socket that its owner alone can open, and keeps it for {@link control}. */
  renewApiKey(tools: TailnetTools, life: number): Promise<void>;
  /** headscale itself, with the API key that was kept. */
  control(record: DevTailnetRecord): DevControl;
  keptApiKey(): Secret | undefined;
  /** A user's auth key as it was kept. */
  keptKey(user: string): Secret | undefined;
  /** Keeps a user's auth key where nobody else can read it. */
  keepKey(user: string, key: Secret): void;
  keyFile(user: string): string;
  /** Writes the configuration file for boxes. */
  writeConfig(text: string): void;
  /** Writes the configuration file for boxes that are left; {@link purge} leaves it. */
  writeLeftConfig(text: string): void;
  client(user: string): DevClient;
  /** Removes everything. Only when nothing of it runs. */
  purge(): void;
}
