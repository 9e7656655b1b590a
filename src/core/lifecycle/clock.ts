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

/** What is between two ticks. */
export interface ClockShift {
  /** What the wall clock said at the earlier one. */
  readonly before: Millis;
  /** What it would say now if nobody had set it, and if time that nobody saw did not count. */
  readonly expected: Millis;
  /** How much further it is than that; 0 when that is within what clocks are corrected by anyway. */
  readonly shift: Millis;
}

/** How much two clocks may differ, and how much ahead a time may be, without anybody having set a clock. */
export const CLOCK_TOLERANCE: Millis = 2 * MINUTE;

/** The most that counts between two ticks: in time that nobody sees boxes are not unused, and nobody can be told. */
const LONGEST_GAP: Millis = DAY;

/** @param previous undefined at the very first tick, of which nothing can be said */
export function clockShift(previous: Tick | undefined, now: Tick): ClockShift {
  if (previous === undefined) return { before: now.wall, expected: now.wall, shift: 0 };
  const expected = previous.wall + elapsed(previous, now);
  const shift = now.wall - expected;
  return { before: previous.wall, expected, shift: Math.abs(shift) <= CLOCK_TOLERANCE ? 0 : shift };
}

/** Within one boot it is known how much time is over. Across boots the wall clock has to be believed, within reason. */
function elapsed(previous: Tick, now: Tick): Millis {
  const isSameBoot = previous.bootId === now.bootId;
  const span = isSameBoot ? now.uptime - previous.uptime : Math.max(now.wall - previous.wall, now.uptime);
  return Math.min(Math.max(span, 0), LONGEST_GAP);
}

/**
 * Where a moment is that somebody else wrote down, such as the time of a file, by the setting of the clock at present. One
 * that may be of either setting is taken for the later.
 * @param moves what the clock was set by, the earliest first
 */
export function moved(time: Millis, moves: readonly ClockShift[]): Millis {
  return moves.reduce((at, move) => (isBefore(at, move) ? at + move.shift : at), time);
}

/** Whether a moment certainly was written down before the clock was set. */
function isBefore(time: Millis, { before, expected, shift }: ClockShift): boolean {
  return time <= (shift > 0 ? expected : before + shift);
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
