import type { NoticeRecord } from "../../core/lifecycle/records.ts";
import { DAY, type Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

/** What is older is not tried any more. */
const TRIED_FOR: Millis = 14 * DAY;

/** Notices that are of use and that no channel has delivered. */
export function unheardNotices({ ledger, clock }: Pick<Deps, "ledger" | "clock">): NoticeRecord[] {
  return ledger
    .notices({ since: clock.now() - TRIED_FOR })
    .filter(({ deliveries }) => deliveries.every(({ deliveredAt }) => deliveredAt === undefined));
}
