import { DAY, MINUTE, type Millis } from "../time.ts";

/** What the machine's clocks said at the same moment. */
export interface Tick {
  /** The wall clock, which people and programs set. */
  readonly wall: Millis;
  /** Since the machine was booted, with the time that it slept; nobody sets it. */
  readonly uptime: Millis;
  /** Which boot that was. */
  readonly bootId: string;
}

/** What has to be done to moments that were written down before the later one of two ticks. */
export interface ClockShift {
  /** How far the wall clock is from where it would be if nobody had set it, and if time that nobody saw did not count. */
  readonly shift: Millis;
  /** Moments up to this one are moved; later ones were certainly written down by the present setting, or may have been. */
  readonly until: Millis;
  /** What the wall clock said at the later tick: what is moved does not come to lie after it. */
  readonly now: Millis;
}

/** How much two clocks may differ, and how much ahead a time may be, without anybody having set a clock. */
export const CLOCK_TOLERANCE: Millis = 2 * MINUTE;

/** The most that counts between two ticks: in time that nobody sees boxes are not unused, and nobody can be told. */
const LONGEST_GAP: Millis = DAY;

/**
 * Between two ticks nobody knows when the clock was set, so some moments can be of either setting. They are taken for
 * the later of what they can be, which never makes a span longer.
 * @param previous undefined at the very first tick, of which nothing can be said
 */
export function clockShift(previous: Tick | undefined, { wall: now, ...tick }: Tick): ClockShift {
  if (previous === undefined) return { shift: 0, until: now, now };
  const passed = elapsed(previous, { wall: now, ...tick });
  const shift = now - previous.wall - Math.min(passed, LONGEST_GAP);
  if (Math.abs(shift) <= CLOCK_TOLERANCE) return { shift: 0, until: now, now };
  // By the old setting it went up to where it would be now, by the present one it began where it would have been then.
  return { shift, until: shift > 0 ? previous.wall + passed : now - passed, now };
}

/** Within one boot it is known how much time is over. Across boots the wall clock has to be believed. */
function elapsed(previous: Tick, now: Tick): Millis {
  const isSameBoot = previous.bootId === now.bootId;
  return Math.max(0, isSameBoot ? now.uptime - previous.uptime : Math.max(now.wall - previous.wall, now.uptime));
}

/**
 * Where a moment is by the present setting of the clock that somebody else wrote down, such as the time of a file.
 * @param shifts the earliest first
 */
export function moved(time: Millis, shifts: readonly ClockShift[]): Millis {
  return shifts.reduce((at, { shift, until, now }) => (at <= until ? Math.min(at + shift, now) : at), time);
}

/** A tick as it was kept; undefined for none, and for what is none. */
export function parseTick(json: string | undefined): Tick | undefined {
  if (json === undefined) return undefined;
  try {
    const { wall, uptime, bootId } = JSON.parse(json) as Partial<Record<keyof Tick, unknown>>;
    const isTick = Number.isSafeInteger(wall) && Number.isSafeInteger(uptime) && typeof bootId === "string";
    return isTick ? { wall: wall as number, uptime: uptime as number, bootId } : undefined;
  } catch {
    return undefined;
  }
}
