import { expect, it } from "vitest";
import { playYears } from "./simulation/summary.ts";

const SEEDS = 60;

/** All 1,000 seeds: docs/bench/simulation.ts. */
it(
  "no box of a year is destroyed untold or without an archive, none is stopped in use, and all are gone that nobody used [FR-034] [FR-035] [FR-036] [X-04] [X-05]",
  { timeout: 120_000 },
  () => {
    const { violations, left, counts, decisions } = playYears(1, SEEDS);
    expect(violations).toEqual([]);
    expect(left).toEqual([]);
    // It is no proof unless all of it happened.
    for (const key of [
      "kills",
      "moved",
      "jumps",
      "boots",
      "outages",
      "probesFailed",
      "noticesFailed",
      "archivesFailed",
    ]) {
      expect(counts.get(key), key).toBeGreaterThan(10);
    }
    for (const key of ["stops", "scheduled", "destroys"]) expect(counts.get(key), key).toBeGreaterThan(100);
    for (const key of ["none: not-observed", "none: held", "none: notice-not-delivered", "start: schedule"]) {
      expect(decisions.get(key), key).toBeGreaterThan(100);
    }
  },
);
