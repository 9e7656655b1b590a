import type { LifecycleConfig, NotifyConfig, UserLifecycle } from "./lifecycle-config.ts";

/**
 * The configuration as the program uses it: sizes in bytes, every value present.
 * Kept apart from the schema so that the start-up path needs no zod when there is no file.
 */
export interface Config {
  readonly host: {
    readonly name: string | null;
    /** The account that runs everyone's boxes; null: personal mode. */
    readonly serviceUser: string | null;
    /** Unix groups whose members may act on everyone's boxes; root always may. */
    readonly adminGroups: readonly string[];
    /** Most commands of one user that run at once. */
    readonly commands: number;
    /** Most sessions (ssh, exec, logs, forwards) of one user that are open at once. */
    readonly sessions: number;
  };
  readonly state: { readonly dir: string | null };
  readonly limits: {
    /** Boxes one user may have. FR-032 */
    readonly perUser: number;
    /** Boxes the host may have. FR-033 */
    readonly global: number;
    readonly counts: "existing" | "running";
    /** Default CPU cores of a box. FR-029 */
    readonly cpus: number;
    /** Default bytes of memory of a box. FR-029 */
    readonly memory: number;
    readonly pids: number;
    readonly maxCpus: number;
    /** Bytes. */
    readonly maxMemory: number;
    /** Bytes that create and start must leave the host. */
    readonly reserve: { readonly memory: number; readonly disk: number };
  };
  readonly image: string;
  readonly engine: {
    readonly kind: "podman";
    readonly path: string;
    /** Socket of the engine's service; null: the service account's own on an orchestrator, else none. */
    readonly socket: string | null;
    readonly runtime: string | null;
    readonly namespace: string;
    /** Seconds after which an engine call that should be quick is given up. */
    readonly timeout: number;
  };
  readonly isolation: {
    /** Networks in CIDR form that no box reaches. */
    readonly blocked: string[];
    /** Whether a box that does not ask has a read-only root file system. */
    readonly readOnlyRoot: boolean;
  };
  readonly secrets: SecretsConfig;
  readonly tailnet: TailnetConfig;
  readonly lifecycle: LifecycleConfig;
  /** Channels besides those that are always there: in the box, and at the owner's next command. */
  readonly notify: readonly NotifyConfig[];
  readonly users: Readonly<Record<string, UserConfig>>;
}

/** One user's own settings. */
export interface UserConfig {
  /** Where notices go by e-mail. */
  readonly email?: string | undefined;
  readonly limits?: { readonly boxes?: number | undefined } | undefined;
  readonly lifecycle?: UserLifecycle | undefined;
}

/** Where users' auth keys are kept. */
export interface SecretsConfig {
  readonly provider: "none" | "file" | "op-cli" | "onepassword";
  /** 1Password vault. FR-048 */
  readonly vault: string;
  /** File with the service account's token, when neither the environment nor systemd brings it. FR-045 */
  readonly tokenFile: string | null;
  /** Directory of the provider `file`. */
  readonly dir: string | null;
  /** The `op` command: a path, or a name looked up in PATH. */
  readonly op: string;
  /** Seconds after which a read is given up. */
  readonly timeout: number;
}

/** The tailnet that boxes join. */
export interface TailnetConfig {
  readonly provider: "none" | "tailscale" | "headscale";
  /** Control server that boxes log in at; null: Tailscale's own. */
  readonly loginServer: string | null;
  /** Seconds after which a login is given up. */
  readonly timeout: number;
  /** Environment variables for tailscaled in the boxes. */
  readonly env: Readonly<Record<string, string>>;
  /** How devices are looked at and removed. */
  readonly api: {
    /** Base URL; null: Tailscale's own, or the login server of headscale. */
    readonly url: string | null;
    /** Tailscale's name of the tailnet; `-` is the one that the credential belongs to. */
    readonly tailnet: string;
    /** File with an API key. */
    readonly tokenFile: string | null;
    /** Tailscale's OAuth client, instead of an API key. */
    readonly clientId: string | null;
    readonly clientSecretFile: string | null;
  };
}

/** Where a configuration came from, for `config show` and for error messages. */
export interface ConfigSource {
  readonly config: Config;
  /** Absolute path of the file, or undefined when the defaults alone are in force. */
  readonly file: string | undefined;
}
