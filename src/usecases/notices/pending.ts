import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import { DAY } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { withdraw } from "./announce.ts";
import { deliverNotice } from "./deliver.ts";
import { firstDelivered, isHeld, isVoid } from "./message.ts";

/** A notice that reached nobody yet. */
export interface Undelivered {
  readonly notice: NoticeRecord;
  /** What the channels said, a line each; empty when none was tried. */
  readonly problems: readonly string[];
}

/** For how long people are told what was done; what warns them is told until it is void. */
const NEWS_FOR = 14 * DAY;

/** How long notices are kept to be looked at, and so that none is given twice. */
const KEPT = 400 * DAY;

/**
 * Tries again what is due, of everybody's notices that are not void.
 * @returns those that no channel has delivered
 */
export async function deliverPending(deps: Deps): Promise<Undelivered[]> {
  const { ledger, clock, config } = deps;
  const now = clock.now();
  ledger.dropNotices(now - KEPT);
  const since = now - NEWS_FOR;
  const waiting = ledger.notices({ since }).values();
  // Each worker takes the next one when it is done with its last.
  const worker = async (): Promise<void> => {
    for (const notice of waiting) await tryAgain(deps, notice);
  };
  await Promise.all(Array.from({ length: config.lifecycle.parallel }, worker));
  return ledger
    .notices({ since })
    .filter((notice) => firstDelivered(notice) === undefined)
    .map((notice) => ({ notice, problems: problemsOf(notice) }));
}

async function tryAgain(deps: Deps, notice: NoticeRecord): Promise<void> {
  const box = deps.ledger.boxById(notice.boxId);
  if (isVoid(notice, box)) await withdraw(deps, notice);
  else if (!isHeld(deps, notice)) await deliverNotice(deps, notice, box);
}

function problemsOf({ deliveries }: NoticeRecord): string[] {
  return deliveries.flatMap(({ channel, problem }) => (problem === undefined ? [] : [`${channel}: ${problem}`]));
}
