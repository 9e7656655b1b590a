import { moved } from "../../src/core/lifecycle/clock.ts";
import { decide, isVoid } from "../../src/core/lifecycle/decide.ts";
import type { BoxFacts, Decision, ScheduleFacts } from "../../src/core/lifecycle/facts.ts";
import { DAY, HOUR, type Millis } from "../../src/core/time.ts";
import type { TrueBox } from "./box.ts";
import type { Entry, Row } from "./records.ts";
import type { World } from "./world.ts";

/** The run was killed. */
export class Killed extends Error {}

const MAX_HOLD = 14 * DAY;

/** One run of a reaper that does what decisions say, and can be killed between any two steps. */
export function run(world: World): void {
  const { host, records } = world;
  world.step();
  world.settled(records.settle(host.tick()));
  for (const box of world.boxes) {
    const row = records.rows.get(box.name);
    if (row === undefined) continue;
    world.step();
    recover(world, box, row);
    if (!records.rows.has(box.name)) continue;
    const decision = look(world, box, row);
    row.notices = row.notices.filter((notice) => !isVoid(notice, decision));
    act(world, box, row, decision);
    for (const notice of row.notices) deliver(world, box, notice);
  }
}

/** Goes on where a killed destroy was, and writes down what nobody did. */
function recover(world: World, box: TrueBox, row: Row): void {
  if (!box.exists) {
    world.records.rows.delete(box.name);
    return;
  }
  const now = world.host.wall();
  if (row.hold !== undefined && Math.min(row.hold.until, row.hold.createdAt + MAX_HOLD) <= now) {
    row.heldUntil = Math.min(row.hold.until, row.hold.createdAt + MAX_HOLD);
    row.hold = undefined;
  }
  if (!box.runs) row.stoppedAt ??= now;
}

function look(world: World, box: TrueBox, row: Row): Decision {
  const decision = decide(facts(world, box, row), box.policy, world.host.wall());
  const key = `${decision.action}: ${decision.reason}`;
  world.counts.decisions.set(key, (world.counts.decisions.get(key) ?? 0) + 1);
  return decision;
}

/** What is known of a box; a look that succeeds is written down. */
function facts(world: World, box: TrueBox, row: Row): BoxFacts {
  const now = world.host.wall();
  const isActive = box.runs && box.activeUntil > world.host.now;
  const isSeen = box.runs && !world.probeFails();
  if (isSeen) {
    const at = isActive ? now : Math.min(moved(box.usedWall, world.records.moves), now);
    if (row.lastActivity === undefined || at > row.lastActivity.at) row.lastActivity = { at, by: "terminal" };
  }
  const { hold } = row;
  return {
    ...{ id: box.name, name: box.name, owner: "alice", desired: row.desired, busy: false },
    ...{ createdAt: row.createdAt, lastActivity: row.lastActivity, stoppedAt: row.stoppedAt, heldUntil: row.heldUntil },
    state: box.runs ? "running" : "stopped",
    observation: box.runs ? (isSeen ? "fresh" : "failed") : "none",
    inUse: isActive && world.random.chance(0.5) ? "the agent claude is at work" : undefined,
    hold: hold && { until: Math.min(hold.until, hold.createdAt + MAX_HOLD), by: "alice", reason: "" },
    schedule: box.hasSchedule ? schedule(row.handledAt, now) : undefined,
    notices: row.notices.map((notice) => ({ ...notice, problem: undefined })),
    devicesLeaving: 0,
    archiveProblem: undefined,
  };
}

/** Every day from 8 to 20 o'clock. */
function schedule(handledAt: Millis, now: Millis): ScheduleFacts {
  const last = (hour: number): Millis => Math.floor((now - hour * HOUR) / DAY) * DAY + hour * HOUR;
  const [start, stop] = [last(8), last(20)];
  const newest = start > stop ? ({ action: "start", at: start } as const) : ({ action: "stop", at: stop } as const);
  return { due: newest.at > handledAt ? newest : undefined, nextStart: start + DAY, nextStop: stop + DAY };
}

function act(world: World, box: TrueBox, row: Row, decision: Decision): void {
  const now = world.host.wall();
  if (decision.notice !== undefined) {
    world.step();
    world.records.addNotice(row, { ...decision.notice, sentAt: now });
    return;
  }
  if (!["start", "stop", "destroy"].includes(decision.action)) return;
  world.step();
  // Under the lease: somebody may have come meanwhile.
  world.maybeVisit(box);
  const again = look(world, box, row);
  if (again.action !== decision.action) return;
  world.step();
  if (again.action === "start") world.start(box, row, "schedule");
  if (again.action === "stop") world.stop(box, row, again.reason);
  if (again.action === "destroy") world.destroy(box);
  if (again.reason === "schedule") row.handledAt = now;
}

/** Tries to deliver what is not. A kill right after it leaves a person who was told, and a ledger that does not know it. */
function deliver(world: World, box: TrueBox, notice: Entry): void {
  if (notice.deliveredAt !== undefined || world.channelFails()) return;
  box.told.push({ kind: notice.kind, at: world.host.now });
  world.step();
  notice.deliveredAt = world.host.wall();
}
