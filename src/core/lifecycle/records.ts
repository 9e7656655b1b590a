import type { ProcessIdentity } from "../operation.ts";
import type { Millis } from "../time.ts";
import type { Hold, NoticeKind, NoticeStage } from "./facts.ts";

/** A hold as it is kept. One of a running command ends with its process, too. */
export interface HoldRecord extends Hold {
  readonly id: number;
  readonly boxId: string;
  readonly createdAt: Millis;
  /** `--while`: whose process it lasts as long as. */
  readonly holder: ProcessIdentity | undefined;
  /** When it was taken back, or found to be over. */
  readonly endedAt: Millis | undefined;
}

/** When a box is to be started and stopped by itself. */
export interface ScheduleRecord {
  readonly boxId: string;
  /** Five-field cron expressions; undefined: not by schedule. */
  readonly start: string | undefined;
  readonly stop: string | undefined;
  /** IANA name of a time zone. */
  readonly zone: string;
  /** Moments up to this one are done with. */
  readonly handledAt: Millis;
}

/** What a box's owner chose for it, within the administrators' bounds. Undefined: as its user and host have it; null: never. */
export interface BoxPolicy {
  readonly stopAfterIdle: Millis | null | undefined;
  readonly destroyAfterStopped: Millis | null | undefined;
}

/** What was seen of a box at its last look, for what only shows in a difference: counters. */
export interface SampleRecord {
  readonly boxId: string;
  readonly at: Millis;
  /** JSON of core/lifecycle's own; a newer program reads an older one's as none. */
  readonly data: string;
}

/** What somebody has to be told. `destroyed`, `stopped` and `trouble` tell what was done, or could not be. */
export interface NoticeRecord {
  readonly id: number;
  readonly boxId: string;
  readonly boxName: string;
  readonly owner: string;
  readonly kind: NoticeKind | "stopped" | "destroyed" | "trouble";
  readonly stage: NoticeStage;
  /** What the span that it warns of is counted from. */
  readonly since: Millis;
  /** When it is going to happen at the earliest. */
  readonly deadline: Millis | undefined;
  readonly subject: string;
  readonly body: string;
  readonly createdAt: Millis;
  /** Not of use any more: the box was used meanwhile. */
  readonly withdrawnAt: Millis | undefined;
  readonly deliveries: readonly DeliveryRecord[];
}

/** How far a notice got by one channel. */
export interface DeliveryRecord {
  /** Name of the channel: `webhook`, `email`, `command`, `box`, `line`; with a number when several are configured. */
  readonly channel: string;
  readonly attempts: number;
  readonly triedAt: Millis | undefined;
  readonly deliveredAt: Millis | undefined;
  readonly problem: string | undefined;
}

/** A home that was put away. */
export interface ArchiveRecord {
  /** Eight lower-case letters and digits. */
  readonly id: string;
  readonly boxId: string;
  readonly boxName: string;
  readonly owner: string;
  /** The box's creation spec, as JSON, so that it can be made again as it was. */
  readonly spec: string;
  /** `writing`: begun; `complete`: checked and safe. */
  readonly state: "writing" | "complete" | "removing";
  /** `reaped`, `destroy --archive`, `user remove`. */
  readonly reason: string;
  readonly createdAt: Millis;
  /** When it may be removed; undefined: not by itself. */
  readonly expiresAt: Millis | undefined;
  /** Bytes of the file; of what is in it; entries. */
  readonly size: number;
  readonly contentSize: number;
  readonly entries: number;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  /** Git work in it that was never pushed, a line each, as it was found last. */
  readonly unpushed: readonly string[];
}
