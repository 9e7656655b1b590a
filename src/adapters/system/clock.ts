import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../ports/clock.ts";

/** The machine's clocks; the one file of the house that reads them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (span, signal) => {
    await sleep(span, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  },
};
