import { CronExpressionParser, type CronExpression } from "cron-parser";
import { HOUR, type Millis } from "../time.ts";
import type { ScheduleFacts } from "./facts.ts";
import type { ScheduleRecord } from "./records.ts";
import { momentAt, offsetAt } from "./zone.ts";

/** How far clocks are set at most: so far may what they show be from what they would have shown. */
const LEAP = 3 * HOUR;

/** A cron expression that is walked by what clocks show, as if that were UTC; where clocks are set is not its business. */
export function parseCron(cron: string): CronExpression {
  return CronExpressionParser.parse(cron, { tz: "UTC" });
}

/**
 * The first moment after another one.
 * @returns undefined when there is none
 */
export function momentAfter(cron: string, zone: string, at: Millis): Millis | undefined {
  return walk(cron, at + offsetAt(at, zone) - LEAP, "next", (local) => {
    const moment = momentAt(local, zone);
    return moment > at ? moment : undefined;
  });
}

/**
 * The last moment up to another one, which may be it.
 * @returns undefined when there is none
 */
export function momentUpTo(cron: string, zone: string, at: Millis): Millis | undefined {
  return walk(cron, at + offsetAt(at, zone) + LEAP, "prev", (local) => {
    const moment = momentAt(local, zone);
    return moment <= at ? moment : undefined;
  });
}

/** The next moments of an expression, three of them where there are so many. */
export function upcoming(cron: string, zone: string, now: Millis): Millis[] {
  const moments: Millis[] = [];
  for (let at = momentAfter(cron, zone, now); at !== undefined && moments.length < 3;) {
    moments.push(at);
    at = momentAfter(cron, zone, at);
  }
  return moments;
}

/** Goes from time to time, in either direction, until one is found; a few hours' worth of them at most. */
function walk(
  cron: string,
  from: Millis,
  way: "next" | "prev",
  find: (local: Millis) => Millis | undefined,
): Millis | undefined {
  const expression = parseCron(cron);
  expression.reset(new Date(from));
  // In twice the leap no more minutes pass than this.
  for (let tries = 0; tries <= (4 * LEAP) / 60_000; tries += 1) {
    const local = timeBeside(expression, way);
    const found = local === undefined ? undefined : find(local);
    if (local === undefined || found !== undefined) return found;
  }
  return undefined;
}

/** The expression's next or previous time; undefined when it has none within what its library looks at. */
function timeBeside(expression: CronExpression, way: "next" | "prev"): Millis | undefined {
  try {
    return expression[way]().getTime();
  } catch {
    return undefined;
  }
}

/** What a schedule says that nobody understands any more, such as one in a zone that is not known here. */
const SAYS_NOTHING: ScheduleFacts = { due: undefined, nextStart: undefined, nextStop: undefined };

/** What a schedule has to say: the newest of its moments that nothing was done about yet, and the next ones. */
export function scheduleFacts(record: ScheduleRecord, now: Millis): ScheduleFacts {
  try {
    return understood(record, now);
  } catch {
    return SAYS_NOTHING;
  }
}

function understood({ start, stop, zone, handledAt }: ScheduleRecord, now: Millis): ScheduleFacts {
  const due = (action: "start" | "stop", cron: string | undefined) => {
    const at = cron === undefined ? undefined : momentUpTo(cron, zone, now);
    return at === undefined || at <= handledAt ? [] : [{ action, at }];
  };
  return {
    due: [...due("start", start), ...due("stop", stop)].toSorted((a, b) => a.at - b.at).at(-1),
    nextStart: start === undefined ? undefined : momentAfter(start, zone, now),
    nextStop: stop === undefined ? undefined : momentAfter(stop, zone, now),
  };
}
