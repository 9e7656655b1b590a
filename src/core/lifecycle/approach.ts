import type { Millis } from "../time.ts";
import type { BoxFacts, Decision, LifecyclePolicy, NoticeFacts, NoticeKind, NoticeStage, Span } from "./facts.ts";

/** A span that runs towards a stop or a destroy. */
export interface Approach extends Span {
  /** How long it is by the policy. */
  readonly span: Millis;
}

/** Part of a span that has to be over before anybody is warned of its end, or what is used daily would be warned of. */
const CALM = 1 / 4;

/** When the span is over. */
const deadlineOf = ({ since, span }: Approach): Millis => since + span;

/** From when on a warning of its end makes sense; one that was sent before is of another policy. */
export function noticeFrom(run: Approach, policy: LifecyclePolicy): Millis {
  return Math.max(deadlineOf(run) - policy.notice, run.since + Math.floor(run.span * CALM));
}

/** When it is acted on, with a first notice that is delivered at a moment: the notice time is always kept in full. */
function dueAt(run: Approach, policy: LifecyclePolicy, deliveredAt: Millis): Millis {
  return Math.max(deadlineOf(run), deliveredAt + policy.notice);
}

/** What is foreseen of a span of which nobody has been told yet. */
export function foreseen(
  run: Approach,
  policy: LifecyclePolicy,
  now: Millis,
): Pick<Decision, "counts" | "at" | "next"> {
  const { kind, since } = run;
  return { counts: { kind, since }, at: dueAt(run, policy, Math.max(now, noticeFrom(run, policy))), next: kind };
}

/** Where a span stands: the notice, the reminder, and what is at its end. All comparisons are such that NaN does nothing. */
export function approach(box: BoxFacts, run: Approach, policy: LifecyclePolicy, now: Millis): Decision {
  const { kind, since } = run;
  const ahead = { ...foreseen(run, policy, now), notice: undefined };
  const from = noticeFrom(run, policy);
  if (!(now >= from)) return { ...ahead, action: "none", reason: "within-grace" };
  const first = sent(box, run, "first", from);
  if (first === undefined) return tell(ahead, { kind, stage: "first", since });
  if (first.deliveredAt === undefined || !(first.deliveredAt > 0)) {
    return { ...ahead, action: "none", reason: "notice-not-delivered", at: undefined };
  }
  const due = dueAt(run, policy, Math.min(first.deliveredAt, now));
  const told = { ...ahead, at: due };
  if (isEligibleForEnd(due, now)) return { ...told, ...END[kind] };
  if (isEligibleForReminder(box, run, policy, { due, now, first }))
    return tell(told, { kind, stage: "reminder", since });
  return { ...told, action: "none", reason: "notice-running" };
}

const END = {
  stop: { action: "stop", reason: "idle" },
  destroy: { action: "destroy", reason: "stopped-long" },
} as const satisfies Record<NoticeKind, Pick<Decision, "action" | "reason">>;

/** At exactly the moment it is due; not one millisecond before. */
const isEligibleForEnd = (due: Millis, now: Millis): boolean => now >= due;

interface Moment {
  readonly due: Millis;
  readonly now: Millis;
  readonly first: NoticeFacts;
}

function isEligibleForReminder(
  box: BoxFacts,
  run: Approach,
  { reminder }: LifecyclePolicy,
  { due, now, first }: Moment,
): boolean {
  return reminder !== null && now >= due - reminder && sent(box, run, "reminder", first.sentAt) === undefined;
}

/** The notice of this very span; one that was sent before `from` told of another end, under another policy. */
function sent(box: BoxFacts, run: Span, stage: NoticeStage, from: Millis): NoticeFacts | undefined {
  return box.notices.find(
    (each) => each.kind === run.kind && each.stage === stage && each.since === run.since && each.sentAt >= from,
  );
}

const tell = (ahead: Pick<Decision, "counts" | "at" | "next">, notice: NonNullable<Decision["notice"]>): Decision => ({
  ...ahead,
  action: "notify",
  reason: END[notice.kind].reason,
  notice,
});
