import type { SubidLine } from "./subids.ts";

/** What setup has to know of a host before it can say what belongs on it. */
export interface HostFacts {
  /** The service account, when there is one. */
  readonly account: AccountFacts | undefined;
  /** A user and group id that nobody has, for a new account. */
  readonly freeId: number;
  readonly subuid: readonly SubidLine[];
  readonly subgid: readonly SubidLine[];
  /** User and group ids of all accounts and groups of this machine. */
  readonly usedIds: readonly number[];
  /** Bytes of the machine's memory. */
  readonly memory: number;
  /** Whether sudo can set resource limits (rlimit_ in sudoers). */
  readonly sudoSetsLimits: boolean;
  /** Absolute path of the podman command. */
  readonly podman: string;
  /** Directories of other hooks that Podman's package brings, as far as they are there. */
  readonly hookDirs: readonly string[];
  /** How a file system in layers can be had without root. */
  readonly overlay: "native" | "fuse";
  readonly program: ProgramFacts;
  readonly logins: LoginFacts;
}

export interface AccountFacts {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
  /** `open`: none can be typed, but keys are taken; `locked`: sshd may refuse it; `set`: somebody's password. */
  readonly password: "open" | "locked" | "set";
}

export interface ProgramFacts {
  /** The path that sudo, sshd and systemd name. */
  readonly path: string;
  /** The version that is to be behind it; undefined where it is used in the place where it lies. */
  readonly version: string | undefined;
  /** A directory above it that others than root can change; undefined when there is none. */
  readonly unsafe: string | undefined;
}

/** Who could still come in when only keys are taken. */
export interface LoginFacts {
  /** Members of the admin groups with an authorised key. */
  readonly admins: readonly string[];
  readonly rootHasKey: boolean;
}
