import * as z from "zod";
import { DAY, MINUTE, SECOND, type Millis } from "../time.ts";
import type { SampleRecord } from "./records.ts";

/**
 * Shortest time between two looks over which counters are compared, in milliseconds. In a shorter one the look's own
 * work, some 0.1 s of CPU time, and the jitter of what is idle would be taken for use.
 */
export const LEAST_WINDOW = MINUTE;

/** How much longer than its own clock says a look may be away from the one before: then the wall's clock was set. */
const CLOCK_TOLERANCE = 2 * MINUTE;

/** Most entries of a list that is kept, most characters of a text, and most lines about work. */
const MOST = 100;
const TEXT_LIMIT = 120;
export const MOST_LINES = 40;
export const LINE_LIMIT = 200;

const text = (limit: number) => z.string().max(limit);
const amount = z.number().min(0);
const maybe = amount.nullable();

/**
 * What a later look needs of one. Times are kept as ages, in milliseconds before the look: the clock may be set
 * between two looks, and what is written down by it is moved then.
 */
const look = z.object({
  instance: text(TEXT_LIMIT),
  /** Seconds that the box had been running, by a clock that nobody sets. */
  uptime: amount,
  /** When the box started by the wall's clock; another one for the same instance: that clock was set. */
  started: z.number(),
  /** Seconds of CPU time as the engine, and as the box says it; from where the box has it. */
  cpu: z.object({ engine: maybe, box: maybe, source: text(TEXT_LIMIT) }),
  /** Bytes in and out since the start. */
  network: maybe,
  /** By name and process: CPU time, how long it had done nothing, and its lowest share of a core so far, in per cent. */
  agents: z.array(z.object({ key: text(TEXT_LIMIT), cpu: amount, idle: amount, floor: maybe })).max(MOST),
  /** Bytes that had come, by connection. */
  connections: z.array(z.tuple([text(TEXT_LIMIT), amount])).max(MOST),
  /** How long nothing real had come, by service. */
  silent: z.array(z.tuple([text(TEXT_LIMIT), amount])).max(MOST),
  /** How long ago a hold file was first seen, by path. */
  holds: z.array(z.tuple([text(TEXT_LIMIT), amount])).max(MOST),
});

const unpushed = z.object({
  /** How long before the sample it was found. */
  age: amount,
  lines: z.array(text(LINE_LIMIT)).max(MOST_LINES),
});

const sample = z.object({
  version: z.literal(1),
  /** The newest first; the one before it is for a second look shortly after. */
  looks: z.array(look).max(2),
  unpushed: unpushed.optional(),
});

export type Look = z.output<typeof look>;
export type Sample = z.output<typeof sample>;

/** What was kept of the last look; undefined when it is none, or another version's. */
export function readSample(record: Pick<SampleRecord, "data"> | undefined): Sample | undefined {
  if (record === undefined) return undefined;
  try {
    const { success, data } = sample.safeParse(JSON.parse(record.data));
    return success ? data : undefined;
  } catch {
    return undefined;
  }
}

/** As it is kept: bounded, so that {@link readSample} reads it again. */
export function writeSample({ looks, unpushed: found }: Omit<Sample, "version">): string {
  return JSON.stringify({
    version: 1,
    looks: looks.slice(0, 2).map((kept) => ({
      ...kept,
      agents: kept.agents.slice(0, MOST),
      connections: kept.connections.slice(0, MOST),
      silent: kept.silent.slice(0, MOST),
      holds: kept.holds.slice(0, MOST),
    })),
    unpushed: found && { age: Math.max(0, found.age), lines: found.lines.slice(0, MOST_LINES) },
  } satisfies Sample);
}

/** A name as a key of lists that are kept. */
export const keyOf = (...parts: readonly (string | number | null)[]): string => parts.join(":").slice(0, TEXT_LIMIT);

/** What is compared with: the newest look of this run of the box that is long enough ago. */
export interface Base {
  /** Milliseconds since it. */
  readonly window: Millis;
  /** Undefined: none, so everything is compared with the start of the box, when all counters were zero. */
  readonly look: Look | undefined;
}

type Run = Pick<Look, "instance" | "uptime" | "started">;

export function baseOf(previous: Sample | undefined, { instance, uptime }: Run): Base {
  const own = (previous?.looks ?? []).filter((kept) => kept.instance === instance && kept.uptime <= uptime);
  const found = own.find((kept) => (uptime - kept.uptime) * SECOND >= LEAST_WINDOW);
  return { window: (uptime - (found?.uptime ?? 0)) * SECOND, look: found };
}

/** Whether the wall's clock was set since the last look. */
export function clockWasSet(previous: Sample | undefined, { instance, started }: Run): boolean {
  const last = previous?.looks.find((kept) => kept.instance === instance);
  return last !== undefined && Math.abs(started - last.started) > CLOCK_TOLERANCE;
}

/**
 * Milliseconds since the newest look that was kept.
 * @param byWall the same by the wall's clock, for a box that was started again meanwhile
 */
export function elapsedSince(previous: Sample | undefined, { instance, uptime }: Run, byWall: Millis): Millis {
  const last = previous?.looks[0];
  const isSame = last?.instance === instance && last.uptime <= uptime;
  return Math.max(0, isSame ? (uptime - last.uptime) * SECOND : byWall);
}

/** A silence longer than this is not kept: nobody remembers the connection. */
export const FORGOTTEN = 90 * DAY;
