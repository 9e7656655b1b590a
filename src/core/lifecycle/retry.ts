import { HOUR, type Millis, MINUTE } from "../time.ts";
import type { DeliveryRecord } from "./records.ts";

/** The first pause; each further one is twice as long, up to the longest. That makes some ten tries on the first day, and four on each other. */
const FIRST_PAUSE = 5 * MINUTE;
const LONGEST_PAUSE = 6 * HOUR;

/** How long is waited after so many tries. */
export function pauseAfter(attempts: number): Millis {
  return Math.min(FIRST_PAUSE * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE);
}

/** Whether a delivery is to be tried now; a try that lies in the future was made by another clock. */
export function isDue(delivery: DeliveryRecord | undefined, now: Millis): boolean {
  if (delivery === undefined) return true;
  const { deliveredAt, triedAt, attempts } = delivery;
  if (deliveredAt !== undefined) return false;
  return triedAt === undefined || triedAt > now || now >= triedAt + pauseAfter(attempts);
}
