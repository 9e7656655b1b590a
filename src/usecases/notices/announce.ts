import type { BoxRecord } from "../../core/box.ts";
import type { NoticeKind, NoticeStage } from "../../core/lifecycle/facts.ts";
import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import type { Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

/** What is going to happen to a box. */
export interface Announcement {
  readonly kind: NoticeKind;
  readonly stage: NoticeStage;
  /** What the span that it warns of is counted from. */
  readonly since: Millis;
  /** When it happens at the earliest. */
  readonly deadline: Millis;
  /** Whether its home is put into an archive before it is destroyed. */
  readonly archived: boolean;
}

/** What was done to a box, or could not be. */
export type Told =
  | {
      readonly kind: "stopped";
      /** The moment it stopped. */
      readonly at: Millis;
      readonly reason: "idle" | "schedule";
    }
  | {
      readonly kind: "destroyed";
      readonly at: Millis;
      /** Where its home is now; undefined when it was not archived. */
      readonly archive: { readonly id: string; readonly expiresAt: Millis | undefined } | undefined;
    }
  | {
      readonly kind: "trouble";
      /** One and the same for what is one and the same trouble, so that it is told once: what its span is counted from. */
      readonly since: Millis;
      /** A sentence without its end: `it cannot be archived, so it is not destroyed`. */
      readonly what: string;
      readonly why: string | undefined;
    };

/** A notice that reached nobody yet. */
export interface Undelivered {
  readonly notice: NoticeRecord;
  /** What the channels said, a line each; empty when none was tried. */
  readonly problems: readonly string[];
}

/**
 * Enters a notice and tries every channel that has not got it yet and is due.
 * @returns whether one has delivered it, now or before
 */
export function announce(_deps: Deps, _box: BoxRecord, _what: Announcement): Promise<boolean> {
  return Promise.resolve(false);
}

/** Tells a box's owner what was done to it, or could not be; what does not arrive is tried again later. */
export function tellOf(_deps: Deps, _box: BoxRecord, _told: Told): Promise<boolean> {
  return Promise.resolve(false);
}

/**
 * Tries again what is due, of everybody's notices that are not void.
 * @returns those that no channel has delivered
 */
export function deliverPending(_deps: Deps): Promise<Undelivered[]> {
  return Promise.resolve([]);
}

/**
 * Shows a text in a running box: at its terminals and in tmux, and with `id` also at the next logins until it is taken
 * back by an empty text. Never fails.
 * @returns how many terminals that somebody is attached to have got it
 */
export function tellInBox(
  _deps: Pick<Deps, "engine">,
  _containerId: string,
  _text: string,
  _id?: string,
): Promise<number> {
  return Promise.resolve(0);
}
