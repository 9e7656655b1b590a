import type { ClockShift, Tick } from "../core/lifecycle/clock.ts";
import type { NoticeKind, NoticeStage } from "../core/lifecycle/facts.ts";
import type {
  ArchiveRecord,
  BoxPolicy,
  DeliveryRecord,
  HoldRecord,
  NoticeRecord,
  SampleRecord,
  ScheduleRecord,
} from "../core/lifecycle/records.ts";
import type { Millis } from "../core/time.ts";

/** What the ledger keeps of boxes' lives; parts of {@link Ledger}. What hangs on a box goes with it. */

export interface HoldRecords {
  /** Every hold of these boxes that has not ended, and the last that has; of all boxes when left out. */
  holds(boxId?: string): HoldRecord[];
  /** @returns its number */
  addHold(hold: Omit<HoldRecord, "id" | "endedAt">): number;
  /** Ends a hold that has not ended. */
  endHold(id: number, at: Millis): void;
}

export interface ScheduleRecords {
  schedules(): ScheduleRecord[];
  scheduleOf(boxId: string): ScheduleRecord | undefined;
  setSchedule(schedule: ScheduleRecord): void;
  clearSchedule(boxId: string): void;
  /** Moments up to `at` are done with. */
  handleSchedule(boxId: string, at: Millis): void;
}

export interface PolicyRecords {
  policies(): ReadonlyMap<string, BoxPolicy>;
  setPolicy(boxId: string, policy: BoxPolicy): void;
}

export interface ActivityRecords {
  samples(): SampleRecord[];
  setSample(sample: SampleRecord): void;
  /**
   * Notes that a box was used, unless later use is known already. Nothing else moves its last activity back or forth.
   * @returns what is known now
   */
  touch(boxId: string, at: Millis, by: string): void;
}

export interface TimeRecords {
  /**
   * Notes what the clocks say. When the wall clock was set since the last time, what was written down by the old setting
   * is moved in the same transaction, so that spans stay as long as they were; times in the future are brought back.
   * @param read called inside the transaction, so that of two processes each sees what the other one noted
   * @returns by how much times were moved; negative when the clock went back
   */
  settleTimes(read: () => Tick): Millis;
  /** What the clock was set by, the earliest first: for times that were written down elsewhere. */
  clockMoves(): ClockShift[];
}

export interface NoticeRecords {
  /**
   * Those that are not withdrawn. What was entered before `since` is left out, unless it warns of something to come.
   */
  notices(filter: { readonly owner?: string; readonly boxId?: string; readonly since?: Millis }): NoticeRecord[];
  noticeById(id: number): NoticeRecord | undefined;
  /**
   * Enters a notice, once for each box, kind, stage and `since`. A warning that is there already but was withdrawn, or is
   * older than a minute, gives way to the new one, and its deliveries with it.
   * @returns its number, also that of one that is there already
   */
  addNotice(notice: Omit<NoticeRecord, "id" | "withdrawnAt" | "deliveries">): number;
  /** Takes back what a box's owner does not have to hear any more. */
  withdrawNotices(boxId: string, kinds: readonly NoticeKind[], at: Millis): void;
  /** The same of one notice alone. */
  withdrawNotice(id: number, at: Millis): void;
  /**
   * Takes the next try of a delivery, so that of two processes one makes it. What is not recorded afterwards counts as
   * a try that failed.
   * @param attempts how many tries this process knows of
   * @returns false when another one took it, it is delivered, or the notice is withdrawn
   */
  claimDelivery(noticeId: number, channel: string, attempts: number, at: Millis): boolean;
  /** Writes down how a delivery went; of a notice that is gone nothing. */
  recordDelivery(noticeId: number, delivery: DeliveryRecord): void;
  /** Forgets what was written before. */
  dropNotices(before: Millis): void;
  /** When a notice of this kind, stage and `since` was delivered first by any channel. */
  deliveredAt(boxId: string, kind: NoticeKind, stage: NoticeStage, since: Millis): Millis | undefined;
}

export interface ArchiveRecords {
  archives(): ArchiveRecord[];
  archiveById(id: string): ArchiveRecord | undefined;
  /**
   * Whether there is a whole one of a box of that name.
   * @param owner whose alone are looked at, so that it takes no longer for what others have; undefined: everybody's
   */
  hasArchiveOf(boxName: string, owner: string | undefined): boolean;
  addArchive(archive: ArchiveRecord): void;
  updateArchive(id: string, change: Partial<Omit<ArchiveRecord, "id">>): void;
  removeArchive(id: string): void;
}
