/**
 * The configuration as the program uses it: sizes in bytes, every value present.
 * Kept apart from the schema so that the start-up path needs no zod when there is no file.
 */
export interface Config {
  readonly host: { readonly name: string | null };
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
  readonly users: Readonly<Record<string, { readonly limits?: { readonly boxes?: number | undefined } | undefined }>>;
}

/** Where a configuration came from, for `config show` and for error messages. */
export interface ConfigSource {
  readonly config: Config;
  /** Absolute path of the file, or undefined when the defaults alone are in force. */
  readonly file: string | undefined;
}
