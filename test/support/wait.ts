import { setTimeout } from "node:timers/promises";

/** Tries until it succeeds; outside of Vitest as well, for the benches. @throws what the last try threw */
export async function waitFor<T>(attempt: () => Promise<T>, limit = 20_000, interval = 50): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await setTimeout(interval);
  }
}
