import type { BoxState } from "../box.ts";
import type { Millis } from "../time.ts";

/** The last sign that somebody, or something that works for somebody, uses a box. */
export interface LastActivity {
  readonly at: Millis;
  /** Where it was seen, in a person's words: `ssh`, `start`, `terminal`, `agent claude`, `cpu`. */
  readonly by: string;
}

/** Why a box is to be kept as it is for a while. */
export interface Hold {
  /** It ends then, whatever happens. */
  readonly until: Millis;
  /** Who asked for it; a hold file in the box is its owner's. */
  readonly by: string;
  /** In the words of whoever asked; printable, may be empty. */
  readonly reason: string;
}

/** What a schedule has to say at the moment. */
export interface ScheduleFacts {
  /** The newest of its moments that nothing was done about yet. */
  readonly due: { readonly action: "start" | "stop"; readonly at: Millis } | undefined;
  readonly nextStart: Millis | undefined;
  readonly nextStop: Millis | undefined;
}

/** What somebody is told of: that a box is going to be stopped, or destroyed. */
export type NoticeKind = "stop" | "destroy";

/** `first`: as long before as the policy says. `reminder`: shortly before. */
export type NoticeStage = "first" | "reminder";

/** A notice as the decision needs it. */
export interface NoticeFacts {
  readonly kind: NoticeKind;
  readonly stage: NoticeStage;
  /** What the span that it warns of is counted from; another one means that it is of no account any more. */
  readonly since: Millis;
  readonly sentAt: Millis;
  /** When the first channel had it delivered; undefined as long as none has. */
  readonly deliveredAt: Millis | undefined;
  /** Why it is not delivered, as the last channel that was tried put it. */
  readonly problem: string | undefined;
}

/** Whether a running box could be looked at just now; `none` for one that does not run. */
export type Observation = "fresh" | "failed" | "none";

/** Everything about a box that decides what becomes of it. */
export interface BoxFacts {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly state: BoxState;
  /** What its owner wants it to be. */
  readonly desired: "running" | "stopped";
  /** A command works on it at the moment. */
  readonly busy: boolean;
  readonly createdAt: Millis;
  readonly lastActivity: LastActivity | undefined;
  /** Since when it does not run; undefined for one that runs, and for one of which nobody saw it. */
  readonly stoppedAt: Millis | undefined;
  readonly observation: Observation;
  /** What is true at the moment although it has no single moment, such as `the agent claude is at work`. */
  readonly inUse: string | undefined;
  readonly hold: Hold | undefined;
  /** When the last hold that is over ended: what is held is not idle meanwhile. */
  readonly heldUntil: Millis | undefined;
  readonly schedule: ScheduleFacts | undefined;
  readonly notices: readonly NoticeFacts[];
  /** Tailnet devices of it that have to be proven gone. */
  readonly devicesLeaving: number;
  /** When archiving its home failed last since it stopped, and why. */
  readonly archiveProblem: string | undefined;
}

/** How long things take for one box, after host, user and box had their say. Null: never. */
export interface LifecyclePolicy {
  readonly stopAfterIdle: Millis | null;
  readonly destroyAfterStopped: Millis | null;
  /** How long before either its owner is told; nothing happens before this span is over since the delivery. */
  readonly notice: Millis;
  /** How long before either they are told again; null: not. */
  readonly reminder: Millis | null;
}

export type Action = "none" | "notify" | "start" | "stop" | "destroy" | "retry-cleanup";

/** Why an action is taken, or none is. */
export type Reason =
  // Nothing is done:
  | "in-use"
  | "held"
  | "busy"
  | "state-unclear"
  | "not-observed"
  | "no-history"
  | "clock-ahead"
  | "within-grace"
  | "notice-not-delivered"
  | "notice-running"
  | "never-by-policy"
  // Something is:
  | "idle"
  | "stopped-long"
  | "schedule"
  | "device-left";

/** A span that runs, at whose end the box is stopped or destroyed. */
export interface Span {
  readonly kind: NoticeKind;
  readonly since: Millis;
}

/** What is to become of a box now, and what next. */
export interface Decision {
  readonly action: Action;
  readonly reason: Reason;
  /**
   * What runs out. `nothing`: the box is used, held or kept for ever, so what its owner was told before is void.
   * `unknown`: nobody can say at the moment, so it stays as it is.
   */
  readonly counts: Span | "nothing" | "unknown";
  /**
   * When `next` happens if nothing changes and notices are delivered at once; undefined when that is not foreseen. With
   * `held` this is after the hold: the hold's own end is in the facts.
   */
  readonly at: Millis | undefined;
  /** What `at` will do to it. */
  readonly next: "stop" | "destroy" | "start" | undefined;
  /** With `notify`: what is to be told. */
  readonly notice: { readonly kind: NoticeKind; readonly stage: NoticeStage; readonly since: Millis } | undefined;
}
