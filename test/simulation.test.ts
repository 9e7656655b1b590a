import { expect, it } from "vitest";
import { RealWorld } from "./simulation/real.ts";
import { playYears } from "./simulation/summary.ts";

const SEEDS = 60;

const REAL_SEEDS = 4;

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

it(
  "neither does the reaper itself, killed at any call of ledger, engine or channels [FR-034] [FR-035] [X-04] [X-05] [X-06]",
  { timeout: 300_000 },
  async () => {
    const sums = { kills: 0, stops: 0, destroys: 0, failures: 0 };
    for (let seed = 1; seed <= REAL_SEEDS; seed++) {
      using played = new RealWorld(seed);
      await played.play(10);
      expect(played.violations, `seed ${String(seed)}`).toEqual([]);
      expect(played.left(), `seed ${String(seed)}`).toEqual([]);
      for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += played.counts[key];
    }
    for (const count of Object.values(sums)) expect(count).toBeGreaterThan(10);
  },
);
