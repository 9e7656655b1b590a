import type { Millis } from "../time.ts";

/** Which signs count as use of a box; all do unless they are turned off. */
export interface SignalSwitches {
  /** What is typed in terminals, also those of editors. */
  readonly terminal: boolean;
  /** Connections: SSH, editors, forwarded ports. */
  readonly connection: boolean;
  /** CPU time of the whole box. */
  readonly cpu: boolean;
  /** Coding agents at work. */
  readonly agent: boolean;
  /** Files that change in the workspace. */
  readonly workspace: boolean;
  /** Bytes that come and go over the network. */
  readonly network: boolean;
  /** Hold files in the box. */
  readonly hold: boolean;
}

/** What counts as use, and how much of it. */
export interface ActivityConfig {
  readonly signals: SignalSwitches;
  /** How long an open connection, or a terminal with a program in it, counts although nothing comes or is typed. */
  readonly connection: Millis;
  /** How long a coding agent counts that says, reads and computes nothing. */
  readonly agent: Millis;
  /** Per cent of one core, on average between two looks, from which on CPU time is use. */
  readonly cpuPercent: number;
  /** Bytes a minute, on average between two looks, from which on traffic is use. */
  readonly networkBytes: number;
}

/** Least and most that owners may choose. Null: no end, and `never` may be chosen. */
export interface Bounds {
  readonly min: Millis;
  readonly max: Millis | null;
}

/** What becomes of boxes that nobody uses. Spans in milliseconds; null: never. */
export interface LifecycleConfig {
  /** FR-034 */
  readonly stopAfterIdle: Millis | null;
  /** Counted from the moment it stopped. FR-035 */
  readonly destroyAfterStopped: Millis | null;
  /** FR-036 */
  readonly notice: Millis;
  readonly reminder: Millis | null;
  readonly bounds: { readonly stopAfterIdle: Bounds; readonly destroyAfterStopped: Bounds };
  /** Longest time that a hold lasts. */
  readonly maxHold: Millis;
  /** How long programs have to save their work after they were told that the box stops. */
  readonly grace: Millis;
  /** Boxes that are looked at, or acted on, at the same time. */
  readonly parallel: number;
  readonly activity: ActivityConfig;
  readonly archive: ArchiveConfig;
}

export interface ArchiveConfig {
  /** Where archives lie; null: `archives` in the state directory. */
  readonly dir: string | null;
  /** How long an archive is kept; null: until somebody removes it. */
  readonly keep: Millis | null;
  /** Bytes that all archives may take; null: what `limits.reserve.disk` leaves. */
  readonly quota: number | null;
  /** Bytes that the archives of one user may take. */
  readonly perUser: number | null;
}

/** A channel by which people are told. */
export type NotifyConfig =
  | {
      readonly type: "webhook";
      readonly url: string | null;
      /** File with the address, where the address is a secret itself. */
      readonly urlFile: string | null;
      readonly format: "json" | "ntfy" | "slack" | "matrix";
      /** File with a token for the header Authorization: Bearer. */
      readonly tokenFile: string | null;
      /** Seconds. */
      readonly timeout: number;
    }
  | {
      readonly type: "email";
      readonly host: string;
      readonly port: number;
      /** `tls` from the start, `starttls` asked for, `none` only to this very machine. */
      readonly security: "tls" | "starttls" | "none";
      readonly from: string;
      readonly user: string | null;
      readonly passwordFile: string | null;
      readonly timeout: number;
    }
  | {
      readonly type: "command";
      /** Run without a shell; the notice comes as JSON on standard input. */
      readonly argv: readonly string[];
      readonly timeout: number;
    };

/** What one user has otherwise. */
export interface UserLifecycle {
  readonly stopAfterIdle?: Millis | null | undefined;
  readonly destroyAfterStopped?: Millis | null | undefined;
}
