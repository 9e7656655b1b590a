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
  /** The last moment that the earlier setting can have come to. */
  readonly last: Millis;
  /** The first moment of the present setting. */
  readonly first: Millis;
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
  if (previous === undefined) return { shift: 0, last: now, first: now, now };
  const passed = elapsed(previous, { wall: now, ...tick });
  const shift = now - previous.wall - Math.min(passed, LONGEST_GAP);
  const isSet = Math.abs(shift) > CLOCK_TOLERANCE;
  return { shift: isSet ? shift : 0, last: previous.wall + passed, first: now - passed, now };
}

/** Up to which moment what was written down has to be moved: what can be of the present setting is later if that makes it later. */
export function movedUntil({ shift, last, first }: ClockShift): Millis {
  return shift > 0 ? last : first - 1;
}

/** Within one boot it is known how much time is over. Across boots the wall clock has to be believed. */
function elapsed(previous: Tick, now: Tick): Millis {
  const isSameBoot = previous.bootId === now.bootId;
  return Math.max(0, isSameBoot ? now.uptime - previous.uptime : Math.max(now.wall - previous.wall, now.uptime));
}

/**
 * Where a moment is by the present setting of the clock that somebody else wrote down, such as the time of a file: by
 * which setting is not known, so it is the latest of what it can be.
 * @param shifts the earliest first
 */
export function moved(time: Millis, shifts: readonly ClockShift[]): Millis {
  const candidates = [undefined, ...shifts].flatMap((since, i) => {
    const later = shifts.slice(i);
    const isPossible = time >= (since?.first ?? 0) && time <= (later[0]?.last ?? Number.POSITIVE_INFINITY);
    return isPossible ? [later.reduce((at, { shift, now }) => Math.min(at + shift, now), time)] : [];
  });
  return candidates.length === 0 ? time : Math.max(...candidates);
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
