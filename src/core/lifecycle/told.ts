import type { Millis } from "../time.ts";
import { noticeFrom } from "./approach.ts";
import type { Decision, LifecyclePolicy, NoticeKind, NoticeStage } from "./facts.ts";
import type { NoticeRecord } from "./records.ts";
import { type Decided, isBySchedule } from "./sentences.ts";

/** What an owner was told of what comes next, could not be told, or will be told. */
export interface ToldNotice {
  readonly kind: NoticeKind;
  readonly stage: NoticeStage;
  /** When it was told, or will be if nothing changes. */
  readonly at: Millis;
  readonly state: "delivered" | "undelivered" | "planned";
  /** By which channels, in a person's words. */
  readonly by: readonly string[];
  /** What the channel said that was tried last. */
  readonly problem: string | undefined;
}

/** Of the line below a command of the owner's. */
export const AT_COMMAND = "at a command";

/** A channel in a person's words: `by e-mail`, `by webhook-2`. */
function channelWords(channel: string): string {
  if (channel === "box") return "in the box";
  if (channel === "line") return AT_COMMAND;
  return `by ${channel.replace(/^email/, "e-mail")}`;
}

/** Whether a notice is about the span that runs. */
function isAbout(notice: NoticeRecord, { counts }: Decision): boolean {
  return typeof counts !== "string" && notice.kind === counts.kind && notice.since === counts.since;
}

/** What was told already of the span that runs. */
export function toldOf(notices: readonly NoticeRecord[], decision: Decision): ToldNotice[] {
  return notices
    .filter((notice) => isAbout(notice, decision))
    .map(({ kind, stage, createdAt, deliveries }) => {
      const got = deliveries.filter(({ deliveredAt }) => deliveredAt !== undefined);
      const last = deliveries.filter(({ problem }) => problem !== undefined).at(-1);
      const isDelivered = got.length > 0;
      return {
        kind: kind as NoticeKind,
        stage,
        at: isDelivered ? Math.min(...got.map(({ deliveredAt }) => deliveredAt ?? 0)) : createdAt,
        state: isDelivered ? "delivered" : "undelivered",
        by: got.map(({ channel }) => channelWords(channel)),
        problem: isDelivered || last === undefined ? undefined : `${last.channel}: ${last.problem ?? ""}`,
      };
    });
}

/**
 * What will be told of the span that runs if nothing changes.
 * @param told what was told of it already
 */
export function plannedOf(
  decided: Decided,
  policy: LifecyclePolicy,
  told: readonly ToldNotice[],
  now: Millis,
): ToldNotice[] {
  const { counts, at, next } = decided.decision;
  // What is done at the next run is not told of once more.
  if (at !== undefined && at <= now) return [];
  if (typeof counts === "string" || at === undefined || next !== counts.kind || isBySchedule(decided)) return [];
  const length = counts.kind === "stop" ? policy.stopAfterIdle : policy.destroyAfterStopped;
  if (length === null) return [];
  const isTold = (stage: NoticeStage) => told.some((notice) => notice.stage === stage);
  const plan = (stage: NoticeStage, when: Millis): ToldNotice[] =>
    isTold(stage)
      ? []
      : [{ kind: counts.kind, stage, at: Math.max(when, now), state: "planned", by: [], problem: undefined }];
  const first = plan("first", noticeFrom({ ...counts, span: length }, policy));
  const reminder = policy.reminder === null ? [] : plan("reminder", at - policy.reminder);
  return [...first, ...reminder];
}
