import type { DevTailnetRecord } from "../../src/core/dev-tailnet/record.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import type {
  DaemonState,
  DevClient,
  DevControl,
  DevNode,
  DevTailnet,
  ShownKey,
  TailnetTools,
} from "../../src/ports/dev-tailnet.ts";

const TOOLS: TailnetTools = { headscale: "/t/headscale", tailscaled: "/t/tailscaled", tailscale: "/t/tailscale" };

/** A headscale in memory, with the files that belong to it. */
export class FakeDevTailnet implements DevTailnet {
  readonly places = {
    dir: "/s/tailnet-dev",
    config: "/s/tailnet-dev/devbox.yaml",
    keys: "/s/tailnet-dev/keys",
    apiKey: "/s/tailnet-dev/api-key",
    stateDir: "/s/tailnet-dev-boxes",
    leftConfig: "/s/tailnet-dev-boxes/devbox.yaml",
    log: "/s/tailnet-dev/headscale.log",
  };
  /** What was done, in order. */
  readonly did: string[] = [];
  now = Date.UTC(2026, 0, 31, 9);
  process: DaemonState = "off";
  kept: DevTailnetRecord | undefined;
  config: string | undefined;
  leftConfig: string | undefined;
  here = ["10.0.0.7", "10.0.0.8"];
  /** Ports on which something else listens. */
  readonly taken = new Set<number>();
  readonly people = new Map<string, string>();
  readonly known: { key: string; expiresAt: number; tags: readonly string[]; user: string | undefined }[] = [];
  readonly files = new Map<string, Secret>();
  apiKey: { secret: Secret; expiresAt: number; revoked: boolean } | undefined;
  devices: DevNode[] = [];
  readonly #rules = { users: "" };
  #next = 0;

  alone = <T>(work: () => Promise<T>): Promise<T> => work();
  tools = (): Promise<TailnetTools> => Promise.resolve(TOOLS);
  addresses = () => this.here;
  freePort = () => Promise.resolve(20_000 + (this.#next += 1));
  record = () => this.kept;
  keep(record: DevTailnetRecord): boolean {
    this.kept = record;
    const users = record.users.join();
    const differs = users !== this.#rules.users;
    this.#rules.users = users;
    return differs;
  }
  state = () => this.process;
  start(_: TailnetTools, { address, port }: DevTailnetRecord): Promise<boolean> {
    this.did.push(`start ${address}:${String(port)}`);
    if (this.taken.has(port)) return Promise.resolve(false);
    this.process = "running";
    return Promise.resolve(true);
  }
  reload(): void {
    this.did.push("reload");
  }
  stop(): Promise<void> {
    this.did.push("stop");
    this.process = "off";
    return Promise.resolve();
  }
  renewApiKey(_: TailnetTools, life: number): Promise<void> {
    this.did.push("api key");
    this.apiKey = {
      secret: new Secret(`api-${String((this.#next += 1))}-rest`),
      expiresAt: this.now + life,
      revoked: false,
    };
    return Promise.resolve();
  }
  keptApiKey = () => this.apiKey?.secret;
  keptKey = (user: string) => this.files.get(user);
  keepKey(user: string, key: Secret): void {
    this.files.set(user, key);
  }
  keyFile = (user: string) => `${this.places.keys}/${user}`;
  writeConfig(text: string): void {
    this.config = text;
  }
  writeLeftConfig(text: string): void {
    this.did.push("left config");
    this.leftConfig = text;
  }
  purge(): void {
    this.did.push("purge");
    this.kept = undefined;
  }
  client = (user: string): DevClient => ({
    stop: () => Promise.resolve(),
    join: async (_, { url, key }) => {
      this.did.push(`${user} joins ${url} by ${(await key()).reveal()}`);
    },
    addressOf: (_, name) => Promise.resolve(this.devices.find((node) => node.name === name)?.addresses[0]),
    ssh: (_, address, command) => {
      this.did.push(`ssh ${address} ${(command ?? []).join(" ")}`.trim());
      return Promise.resolve(7);
    },
  });

  control = (): DevControl => {
    const granted = <T>(answer: () => T): Promise<T> => {
      if (this.process !== "running") return Promise.reject(new DevboxError("TAILNET_FAILED", "headscale is away."));
      if (this.apiKey?.revoked === true) return Promise.reject(new DevboxError("TAILNET_API_REFUSED", "no such key."));
      return Promise.resolve(answer());
    };
    const shown = (key: string, expiresAt: number): ShownKey => ({ prefix: key.slice(0, 6), expiresAt });
    return {
      users: () => granted(() => new Map(this.people)),
      addUser: (name) =>
        granted(() => {
          this.people.set(name, String(this.people.size + 1));
          return String(this.people.size);
        }),
      authKeys: () => granted(() => this.known.map(({ key, expiresAt }) => shown(key, expiresAt))),
      apiKeys: () =>
        granted(() => (this.apiKey === undefined ? [] : [shown(this.apiKey.secret.reveal(), this.apiKey.expiresAt)])),
      addAuthKey: ({ user, tags, life }) =>
        granted(() => {
          const key = `k${String(1000 + (this.#next += 1))}-rest`;
          this.known.push({ key, expiresAt: this.now + life, tags, user });
          return new Secret(key);
        }),
      nodes: () => granted(() => this.devices),
    };
  };
}
