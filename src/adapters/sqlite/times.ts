import { CLOCK_TOLERANCE, type ClockShift, clockShift, movedUntil, parseTick } from "../../core/lifecycle/clock.ts";
import type { Millis } from "../../core/time.ts";
import type { TimeRecords } from "../../ports/lifecycle-records.ts";
import type { LedgerCore } from "./ledger.ts";

/** Key of the last tick among the ledger's facts. */
const TICK = "lifecycle.tick";
/** Key of what the clock was set by. */
const MOVES = "lifecycle.moves";
/** So many are kept: what is older was written down in the ledger long ago. */
const MOVES_KEPT = 16;

/** Moments that were, from which spans are counted. A notice's `since` is moved by itself, because it must stay unique. */
const PAST: Readonly<Record<string, readonly string[]>> = {
  boxes: ["created_at", "last_used_at", "stopped_at"],
  samples: ["at"],
  holds: ["created_at", "ended_at"],
  notices: ["created_at"],
  deliveries: ["tried_at", "delivered_at"],
  archives: ["created_at"],
};

/** Moments to come that follow from such spans. Those that people named (a hold's end, a schedule) are theirs by the new clock. */
const AHEAD: Readonly<Record<string, readonly string[]>> = {
  notices: ["deadline"],
  archives: ["expires_at"],
};

/** Times after the wall clock was set. */
export function timeCalls(core: LedgerCore): TimeRecords {
  const fact = (key: string) =>
    core.query("SELECT value FROM facts WHERE key = ?", key)[0]?.value as string | undefined;
  const setFact = (key: string, value: unknown) =>
    core.query("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)", key, JSON.stringify(value));
  const moves = () => JSON.parse(fact(MOVES) ?? "[]") as ClockShift[];
  return {
    settleTimes: (read) =>
      core.transaction(() => {
        const now = read();
        const moved = clockShift(parseTick(fact(TICK)), now);
        if (moved.shift !== 0) {
          move(core, moved);
          setFact(MOVES, [...moves(), moved].slice(-MOVES_KEPT));
        }
        bringBack(core, now.wall);
        setFact(TICK, now);
        return moved.shift;
      }),
    clockMoves: moves,
  };
}

/** Moves all that was written down by the old setting of the clock. */
function move(core: LedgerCore, moved: ClockShift): void {
  endHolds(core, moved);
  const moment = (column: string): string => movedMoment(column, moved);
  each(PAST, (table, columns) => {
    core.query(`UPDATE ${table} SET ${columns.map((column) => `${column} = ${moment(column)}`).join(", ")}`);
  });
  each(AHEAD, (table, columns) => {
    core.query(`UPDATE ${table} SET ${columns.map((column) => `${column} = ${column} + ?1`).join(", ")}`, moved.shift);
  });
  setSince(core, moment("since"), "true");
}

/** Where a column's moment is by the new setting; what lies ahead was written down by the old one, too. */
function movedMoment(column: string, moved: ClockShift): string {
  const { shift, now } = moved;
  const isOld = `${column} <= ${String(movedUntil(moved))} OR ${column} > ${String(now)}`;
  return `CASE WHEN ${isOld} THEN min(${column} + ${String(shift)}, ${String(now)}) ELSE ${column} END`;
}

/** Holds that were over end when they did; those over whose end the clock was set end now, or the time before would count. */
function endHolds(core: LedgerCore, { shift, now }: ClockShift): void {
  core.query("UPDATE holds SET ended_at = until WHERE ended_at IS NULL AND until <= ?", now - shift);
  core.query("UPDATE holds SET ended_at = ?1 WHERE ended_at IS NULL AND until <= ?1", now);
}

/** Brings times in the future back to now; a schedule would be silent until they come. */
function bringBack(core: LedgerCore, now: Millis): void {
  const limit = now + CLOCK_TOLERANCE;
  each(PAST, (table, columns) => {
    for (const column of columns) core.query(`UPDATE ${table} SET ${column} = ? WHERE ${column} > ?`, now, limit);
  });
  core.query("UPDATE schedules SET handled_at = ? WHERE handled_at > ?", now, limit);
  setSince(core, String(now), `since > ${String(limit)}`);
}

/** Past every moment that a ledger holds. */
const FAR = String(10 ** 15);

/** Sets what notices are counted from. Row by row they would meet each other, so all go far away first. */
function setSince(core: LedgerCore, value: string, which: string): void {
  // Two of one kind at the same moment then tell the same.
  core.query(`UPDATE OR REPLACE notices SET since = ${value} + ${FAR} WHERE ${which}`);
  core.query(`UPDATE OR REPLACE notices SET since = since - ${FAR} WHERE since >= ${FAR} / 2`);
}

function each(
  moments: Readonly<Record<string, readonly string[]>>,
  act: (table: string, columns: readonly string[]) => void,
): void {
  for (const [table, columns] of Object.entries(moments)) act(table, columns);
}
