import { DAY, type Millis } from "../../src/core/time.ts";
import { World, YEAR } from "./world.ts";

/** After its people left for good, a box has this long to be gone: the longest policy, notices that fail, hosts that are off. */
const PATIENCE: Millis = 200 * DAY;

/** What many years came to. */
export interface Summary {
  readonly seeds: number;
  readonly violations: string[];
  /** Boxes that nobody needed for so long that they should be gone, and are not. */
  readonly left: string[];
  /** How much later than their policy says boxes were destroyed, counted from their last use and hold; milliseconds. */
  readonly late: Millis[];
  readonly counts: Map<string, number>;
  readonly decisions: Map<string, number>;
}

/** Plays years with the seeds from `first` on. */
export function playYears(first: number, seeds: number): Summary {
  const summary: Summary = { seeds, violations: [], left: [], late: [], counts: new Map(), decisions: new Map() };
  for (let seed = first; seed < first + seeds; seed++) {
    const world = new World(seed);
    world.play(YEAR);
    account(summary, world, seed);
  }
  return summary;
}

function account(summary: Summary, world: World, seed: number): void {
  summary.violations.push(...world.violations.map((text) => `seed ${String(seed)}: ${text}`));
  for (const box of world.boxes) {
    const { stopAfterIdle, destroyAfterStopped } = box.policy;
    if (stopAfterIdle === null || destroyAfterStopped === null) continue;
    const unused = Math.max(box.usedAt, box.heldAt);
    // One that crashed, or that its schedule stopped, does not wait until it is idle.
    const stopped = Math.min(box.stoppedAt ?? Number.POSITIVE_INFINITY, unused + stopAfterIdle);
    if (box.destroyedAt !== undefined)
      summary.late.push(box.destroyedAt - Math.max(stopped, box.heldAt) - destroyAfterStopped);
    else if (world.host.now - unused > PATIENCE) summary.left.push(`seed ${String(seed)}: ${box.name}`);
  }
  const { decisions, ...counts } = world.counts;
  for (const [key, value] of [...Object.entries(counts), ...Object.entries(world.host.counts)]) {
    add(summary.counts, key, value);
  }
  for (const [key, value] of decisions) add(summary.decisions, key, value);
}

const add = (sums: Map<string, number>, key: string, value: number) => sums.set(key, (sums.get(key) ?? 0) + value);
