import type { LifecyclePolicy, NoticeKind } from "../../src/core/lifecycle/facts.ts";
import { DAY, HOUR, MINUTE, type Millis } from "../../src/core/time.ts";
import type { Random } from "./random.ts";

/** How somebody uses a box. */
type Habit = "daily" | "weekly" | "seldom" | "abandoned";

/** What is true of a box, in true time, whatever anybody has written down of it. */
export interface TrueBox {
  readonly name: string;
  readonly habit: Habit;
  readonly policy: LifecyclePolicy;
  readonly hasSchedule: boolean;
  exists: boolean;
  runs: boolean;
  /** When it was used last, and what the wall clock said then. */
  usedAt: Millis;
  usedWall: Millis;
  /** Somebody works in it until then. */
  activeUntil: Millis;
  /** When somebody comes again; undefined: never. */
  comesAt: Millis | undefined;
  stoppedAt: Millis | undefined;
  /** The last moment at which it was held. */
  heldAt: Millis;
  archivedAt: Millis | undefined;
  /** When its owner was really told of what. */
  readonly told: { readonly kind: NoticeKind; readonly at: Millis }[];
  destroyedAt: Millis | undefined;
}

const DEFAULT: LifecyclePolicy = {
  stopAfterIdle: 7 * DAY,
  destroyAfterStopped: 14 * DAY,
  notice: 48 * HOUR,
  reminder: 6 * HOUR,
};
const POLICIES: readonly LifecyclePolicy[] = [
  DEFAULT,
  DEFAULT,
  DEFAULT,
  { ...DEFAULT, stopAfterIdle: 3 * DAY, destroyAfterStopped: 3 * DAY },
  { ...DEFAULT, stopAfterIdle: 30 * DAY, destroyAfterStopped: 30 * DAY, reminder: null },
];

/** A new box that somebody has just begun to use. */
export function newBox(random: Random, name: string, now: Millis, wall: Millis): TrueBox {
  const habit = random.pick<Habit>(["daily", "weekly", "seldom", "abandoned", "abandoned"]);
  const policy = random.chance(0.05) ? { ...DEFAULT, stopAfterIdle: null } : random.pick(POLICIES);
  return {
    ...{ name, habit, policy, hasSchedule: random.chance(0.25) },
    ...{ exists: true, runs: true, usedAt: now, usedWall: wall, activeUntil: now, comesAt: now + HOUR },
    ...{ stoppedAt: undefined, heldAt: 0, archivedAt: undefined, told: [], destroyedAt: undefined },
  };
}

/** When somebody comes again after a piece of work; who abandons a box does so after some days. */
export function nextVisit(random: Random, { habit }: TrueBox, now: Millis): Millis | undefined {
  const hours = (least: number, most: number): Millis =>
    now + random.between(least, most) * HOUR + random.between(0, 59) * MINUTE;
  switch (habit) {
    case "daily":
      return hours(2, 40);
    case "weekly":
      return hours(3 * 24, 10 * 24);
    case "seldom":
      return hours(4 * 24, 45 * 24);
    case "abandoned":
      return random.chance(0.15) ? undefined : hours(2, 60);
  }
}
