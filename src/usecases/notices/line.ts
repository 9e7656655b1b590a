import type { BoxRecord } from "../../core/box.ts";
import { willHappen } from "../../core/lifecycle/notice-text.ts";
import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import { DAY, HOUR } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { effectiveDeadline, isHeld, isVoid, isWarning, toldBy } from "./message.ts";

/** Name under which it is recorded that somebody saw a notice below a command of theirs. */
const LINE = "line";

/** For so long nobody has to be told the same again. */
const PAUSE = HOUR;

/** For how long people are told what was done. */
const NEWS_FOR = 14 * DAY;

/** Most lines below one command. */
const MOST = 5;

/** Something that the caller has to know. */
export interface NoticeLine {
  readonly text: string;
  /** Records that it was written where they saw it. */
  readonly seen: () => void;
}

type LineDeps = Pick<Deps, "ledger" | "clock" | "config" | "caller" | "host">;

/**
 * What the caller has to know of their boxes: warnings until they are void, once an hour; what was done, once. One query
 * where there is nothing.
 */
export function noticeLines(deps: LineDeps): NoticeLine[] {
  const { ledger, clock, caller } = deps;
  // The service account has no boxes, and nobody reads what its units say.
  if (caller.via === "account") return [];
  const now = clock.now();
  const notices = ledger.notices({ owner: caller.user, since: now - NEWS_FOR });
  const newest = new Map(notices.map((notice) => [`${notice.boxId} ${notice.kind}`, notice]));
  return [...newest.values()]
    .filter((notice) => isToShow(deps, notice))
    .slice(0, MOST)
    .map((notice) => ({
      text: lineOf(deps, notice),
      seen: () => {
        recordSeen(deps, notice);
      },
    }));
}

function isToShow(deps: LineDeps, notice: NoticeRecord): boolean {
  const shown = deliveryOf(notice);
  const now = deps.clock.now();
  const box: BoxRecord | undefined = deps.ledger.boxById(notice.boxId);
  // That it was stopped is no news once it was started again, or is gone.
  if (notice.kind === "stopped" && box?.desired !== "stopped") return false;
  if (!isWarning(notice)) return shown === undefined;
  if (shown?.triedAt !== undefined && shown.triedAt <= now && now < shown.triedAt + PAUSE) return false;
  return !isVoid(notice, box) && !isHeld(deps, notice);
}

const deliveryOf = ({ deliveries }: NoticeRecord) => deliveries.find(({ channel }) => channel === LINE);

function lineOf(deps: LineDeps, notice: NoticeRecord): string {
  const { kind, boxName, subject } = notice;
  const at = effectiveDeadline(deps, notice);
  if (isWarning(notice) && at !== undefined) {
    return `${willHappen(boxName, notice.kind, at, toldBy(deps).zone)} (devbox-ctl why ${boxName})`;
  }
  const start = kind === "stopped" ? `start ${boxName}` : undefined;
  const restore = kind === "destroyed" ? restoreOf(deps, boxName) : undefined;
  return `${subject} (devbox-ctl ${start ?? restore ?? `why ${boxName}`})`;
}

/** A box of that name, brought back or new, is in a restore's way. */
function restoreOf({ ledger }: LineDeps, boxName: string): string {
  return ledger.boxByName(boxName) === undefined ? `restore ${boxName}` : "archive list";
}

function recordSeen({ ledger, clock }: LineDeps, notice: NoticeRecord): void {
  const now = clock.now();
  const before = deliveryOf(notice);
  ledger.recordDelivery(notice.id, {
    channel: LINE,
    attempts: (before?.attempts ?? 0) + 1,
    triedAt: now,
    deliveredAt: before?.deliveredAt ?? now,
    problem: undefined,
  });
}
