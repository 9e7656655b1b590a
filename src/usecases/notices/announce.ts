import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import type { NoticeKind, NoticeStage } from "../../core/lifecycle/facts.ts";
import { destroyedText, stoppedText, troubleText, warningText } from "../../core/lifecycle/notice-text.ts";
import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import type { Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { lastUnpushed } from "../lifecycle/unpushed.ts";
import { deliverNotice, IN_BOX } from "./deliver.ts";
import { showInBox, takeBackInBox } from "./in-box.ts";
import { toldBy } from "./message.ts";

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

/**
 * Enters a notice, once for each box, kind, stage and `since`, and tries every channel that has not delivered it and is
 * due. What fails is in the ledger, and is tried again by {@link deliverPending}.
 * @returns whether one channel has delivered it, now or before
 */
export async function announce(deps: Deps, box: BoxRecord, what: Announcement): Promise<boolean> {
  const { kind, stage, since, deadline, archived } = what;
  const archiveKept = archived ? deps.config.lifecycle.archive.keep : undefined;
  const unpushed = kind === "destroy" ? lastUnpushed(deps, box.id) : [];
  const words = warningText({ box: box.name, kind, stage, since, deadline, archiveKept, unpushed }, toldBy(deps));
  return enter(deps, box, { kind, stage, since, deadline, ...words });
}

/**
 * Tells a box's owner what was done to it, or could not be; what does not arrive is tried again later.
 * @returns whether one channel has delivered it
 */
export async function tellOf(deps: Deps, box: Pick<BoxRecord, "id" | "name" | "owner">, told: Told): Promise<boolean> {
  const by = toldBy(deps);
  const entry = { kind: told.kind, stage: "first", deadline: undefined } as const;
  switch (told.kind) {
    case "stopped":
      return enter(deps, box, { ...entry, since: told.at, ...stoppedText(box.name, told.reason, told.at, by) });
    case "destroyed": {
      // What was seen of the box went with it; its archive says what was found.
      const unpushed = told.archive === undefined ? [] : (deps.ledger.archiveById(told.archive.id)?.unpushed ?? []);
      const words = destroyedText({ ...told, box: box.name, unpushed }, by);
      return enter(deps, box, { ...entry, since: told.at, ...words });
    }
    case "trouble":
      return enter(deps, box, { ...entry, since: told.since, ...troubleText(box.name, told.what, told.why, by) });
  }
}

type Entry = Pick<NoticeRecord, "kind" | "stage" | "since" | "deadline" | "subject" | "body">;

async function enter(deps: Deps, box: Pick<BoxRecord, "id" | "name" | "owner">, entry: Entry): Promise<boolean> {
  const of = { boxId: box.id, boxName: box.name, owner: box.owner, createdAt: deps.clock.now() };
  const notice = deps.ledger.noticeById(deps.ledger.addNotice({ ...of, ...entry }));
  return notice !== undefined && (await deliverNotice(deps, notice, deps.ledger.boxById(box.id)));
}

/**
 * Shows a text in a running box, at its terminals and in tmux: for what is about to happen now. Never fails.
 * @param text its first line is the most important
 * @returns how many terminals that somebody is attached to have got it
 */
export async function tellInBox(deps: Pick<Deps, "engine">, containerId: string, text: string): Promise<number> {
  const [subject = "", ...body] = text.split("\n");
  try {
    return await showInBox(deps, containerId, { subject, body: body.join("\n") });
  } catch (error) {
    if (error instanceof DevboxError) return 0;
    throw error;
  }
}

/** Takes a warning back that is of no use any more, also where it is shown at logins. Never fails because of the box. */
export async function withdraw(deps: Deps, notice: NoticeRecord): Promise<void> {
  deps.ledger.withdrawNotice(notice.id, deps.clock.now());
  const containerId = deps.ledger.boxById(notice.boxId)?.containerId;
  const isShown = notice.deliveries.some(({ channel }) => channel === IN_BOX);
  if (isShown && containerId !== undefined) await takeBackInBox(deps, containerId);
}
