import { CLOCK_TOLERANCE, clockShift, type ClockShift, movedUntil, type Tick } from "../../src/core/lifecycle/clock.ts";
import type { NoticeKind, NoticeStage } from "../../src/core/lifecycle/facts.ts";
import { MINUTE, type Millis } from "../../src/core/time.ts";

/** A notice as the ledger has it. */
export interface Entry {
  readonly kind: NoticeKind;
  readonly stage: NoticeStage;
  since: Millis;
  sentAt: Millis;
  deliveredAt: Millis | undefined;
}

/** What the ledger has of one box; all by the wall clock as it was when it was written down. */
export interface Row {
  createdAt: Millis;
  lastActivity: { at: Millis; by: string } | undefined;
  stoppedAt: Millis | undefined;
  desired: "running" | "stopped";
  hold: { until: Millis; createdAt: Millis } | undefined;
  heldUntil: Millis | undefined;
  handledAt: Millis;
  notices: Entry[];
}

/** The ledger in memory: what it does to times when a clock was set is what adapters/sqlite/times.ts does. */
export class Records {
  readonly rows = new Map<string, Row>();
  readonly moves: ClockShift[] = [];
  #tick: Tick | undefined;

  settle(tick: Tick): ClockShift {
    const moved = clockShift(this.#tick, tick);
    if (moved.shift !== 0) this.moves.push(moved);
    const limit = tick.wall + CLOCK_TOLERANCE;
    for (const row of this.rows.values()) {
      if (moved.shift !== 0) move(row, moved);
      eachTime(row, (time) => (time > limit ? tick.wall : time));
      row.handledAt = row.handledAt > limit ? tick.wall : row.handledAt;
    }
    this.#tick = tick;
    return moved;
  }

  /** @returns the notice that is there, or a new one */
  addNotice(row: Row, entry: Omit<Entry, "deliveredAt">): Entry {
    const isSame = (each: Entry): boolean =>
      each.kind === entry.kind && each.stage === entry.stage && each.since === entry.since;
    const known = row.notices.find(isSame);
    if (known !== undefined && known.sentAt >= entry.sentAt - MINUTE) return known;
    const added: Entry = { ...entry, deliveredAt: undefined };
    row.notices = [...row.notices.filter((each) => !isSame(each)), added];
    return added;
  }
}

function move(row: Row, moved: ClockShift): void {
  const { shift, now } = moved;
  const until = movedUntil(moved);
  if (row.hold !== undefined && row.hold.until <= Math.max(now - shift, now)) {
    row.heldUntil = row.hold.until <= now - shift ? row.hold.until : now;
    row.hold = undefined;
  }
  eachTime(row, (time) => (time <= until || time > now ? Math.min(time + shift, now) : time));
}

function eachTime(row: Row, change: (time: Millis) => Millis): void {
  const maybe = (time: Millis | undefined): Millis | undefined => (time === undefined ? undefined : change(time));
  row.createdAt = change(row.createdAt);
  if (row.lastActivity !== undefined) row.lastActivity.at = change(row.lastActivity.at);
  if (row.hold !== undefined) row.hold.createdAt = change(row.hold.createdAt);
  row.stoppedAt = maybe(row.stoppedAt);
  row.heldUntil = maybe(row.heldUntil);
  for (const notice of row.notices) {
    notice.since = change(notice.since);
    notice.sentAt = change(notice.sentAt);
    notice.deliveredAt = maybe(notice.deliveredAt);
  }
}
