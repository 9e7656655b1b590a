import type { BoxRecord } from "../../core/box.ts";
import { lateWarning, type NoticeWords, type Told, wallTime, willHappen } from "../../core/lifecycle/notice-text.ts";
import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import { type Millis, MINUTE } from "../../core/time.ts";
import type { Message } from "../../ports/notifier.ts";
import type { Deps } from "../deps.ts";

/** In which words this host tells times. */
export function toldBy({ clock, config, host }: Pick<Deps, "clock" | "config" | "host">): Told {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return { now: clock.now(), zone: timeZone, host: config.host.name ?? host.name() };
}

/** Whether a notice warns of what is to come, and how it is told that this is put off. */
export function isWarning(notice: Pick<NoticeRecord, "kind">): notice is { kind: "stop" | "destroy" } {
  return notice.kind === "stop" || notice.kind === "destroy";
}

/** When somebody has been told first. */
export function firstDelivered({ deliveries }: Pick<NoticeRecord, "deliveries">): Millis | undefined {
  const times = deliveries.flatMap(({ deliveredAt }) => deliveredAt ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * When what a notice warns of happens at the earliest if it is told now: nothing happens before the notice's span is over
 * since somebody was told.
 */
export function effectiveDeadline(
  deps: Pick<Deps, "clock" | "config" | "host">,
  notice: NoticeRecord,
): Millis | undefined {
  const { deadline, stage } = notice;
  if (deadline === undefined || !isWarning(notice) || stage === "reminder") return deadline;
  const told = firstDelivered(notice) ?? deps.clock.now();
  return Math.max(deadline, told + deps.config.lifecycle.notice);
}

/** What is told now; a warning that comes late does not say the time that is past. */
function wordsNow(deps: Pick<Deps, "clock" | "config" | "host">, notice: NoticeRecord): NoticeWords {
  const { subject, body, deadline, boxName } = notice;
  const at = effectiveDeadline(deps, notice);
  if (at === undefined || deadline === undefined || !isWarning(notice) || at < deadline + MINUTE) {
    return { subject, body };
  }
  const { zone } = toldBy(deps);
  return lateWarning({ subject, body }, willHappen(boxName, notice.kind, at, zone), wallTime(at, zone));
}

/** The message of a notice, as it is to be sent now. */
export function messageOf(deps: Pick<Deps, "clock" | "config" | "host">, notice: NoticeRecord): Message {
  const { kind, stage, boxId, boxName, owner, createdAt } = notice;
  return {
    ...{ kind, stage, boxName, owner, ...wordsNow(deps, notice) },
    // The box's id is like no other host's; a notice that is given anew is another message.
    id: `${boxId}-${kind}-${stage}-${String(createdAt)}`,
    deadline: effectiveDeadline(deps, notice),
    at: deps.clock.now(),
    host: toldBy(deps).host,
    email: deps.config.users[owner]?.email,
  };
}

/**
 * Whether a warning is of no use any more by what the ledger knows: its box is gone, or was used since. The reaper, which
 * looks at boxes, withdraws more.
 */
export function isVoid(notice: NoticeRecord, box: BoxRecord | undefined): boolean {
  if (!isWarning(notice)) return false;
  if (box?.owner !== notice.owner) return true;
  if ((box.lastUsedAt ?? 0) > notice.since) return true;
  if (notice.kind === "stop") return box.desired === "stopped";
  return (box.stoppedAt ?? 0) > notice.since;
}

/** Whether its box is kept for a while, so that what it warns of does not happen. */
export function isHeld({ ledger, clock }: Pick<Deps, "ledger" | "clock">, notice: NoticeRecord): boolean {
  if (!isWarning(notice)) return false;
  const now = clock.now();
  return ledger.holds(notice.boxId).some(({ endedAt, until }) => endedAt === undefined && until > now);
}
