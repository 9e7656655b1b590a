import type { ClockShift } from "../../src/core/lifecycle/clock.ts";
import { HOUR, MINUTE, DAY, type Millis } from "../../src/core/time.ts";
import { newBox, nextVisit, type TrueBox } from "./box.ts";
import { Host } from "./host.ts";
import { Random } from "./random.ts";
import { Killed, run } from "./reaper.ts";
import { Records, type Row } from "./records.ts";
import { unlawfulDestroy, unlawfulStop } from "./truth.ts";

const START = Date.UTC(2026, 0, 1);
export const YEAR = 365 * DAY;

/** What happened in a world, for the table. */
export interface Counts {
  runs: number;
  kills: number;
  moved: number;
  probesFailed: number;
  noticesFailed: number;
  visits: number;
  stops: number;
  scheduled: number;
  destroys: number;
  archivesFailed: number;
  readonly decisions: Map<string, number>;
}

/** A host with boxes, people who use them or do not, and a reaper every hour; everything random but the decisions. */
export class World {
  readonly random: Random;
  readonly host: Host;
  readonly records = new Records();
  readonly boxes: TrueBox[];
  readonly violations: string[] = [];
  readonly counts: Counts = {
    ...{ runs: 0, kills: 0, moved: 0, probesFailed: 0, noticesFailed: 0, visits: 0, stops: 0, scheduled: 0 },
    ...{ destroys: 0, archivesFailed: 0, decisions: new Map() },
  };
  readonly miscounted: { readonly at: Millis; readonly span: Millis }[] = [];
  #before: { readonly wall: Millis; readonly at: Millis } | undefined;
  #killAt = Number.POSITIVE_INFINITY;
  /** Until when no channel works, and no box answers its probe. */
  #silentUntil: Millis = 0;
  #blindUntil: Millis = 0;

  constructor(seed: number, boxes = 6) {
    this.random = new Random(seed);
    this.host = new Host(this.random, START);
    this.boxes = Array.from({ length: boxes }, (_, i) => newBox(this.random, `box-${String(i)}`, START, START));
    for (const { name } of this.boxes) this.records.rows.set(name, newRow(START));
    this.settled(this.records.settle(this.host.tick()));
  }

  /** Plays the time, an hour at once. */
  play(span: Millis): void {
    for (const end = START + span; this.host.now < end;) this.one();
  }

  one(): void {
    this.#hour();
    this.host.now += HOUR;
  }

  #hour(): void {
    const change = this.host.hour();
    if (change === "went off") for (const box of this.boxes) this.#halt(box);
    if (change === "came on") this.#resume();
    if (!this.host.isOn) return;
    if (this.random.chance(1 / (60 * 24))) this.#silentUntil = this.host.now + this.random.between(5, 120) * HOUR;
    if (this.random.chance(1 / (60 * 24))) this.#blindUntil = this.host.now + this.random.between(5, 120) * HOUR;
    for (const box of this.boxes) this.#people(box);
    if (this.host.now < this.host.reaperOffUntil) return;
    // Now and then two runs in one hour: the second one is soon after the first was killed, or started by hand.
    for (let runs = this.random.chance(0.05) ? 2 : 1; runs > 0; runs--) this.#run();
  }

  /** How much more was counted than really was between two runs: a clock that is set and a boot are not told apart. */
  settled({ shift, now }: ClockShift): void {
    if (shift !== 0) this.counts.moved += 1;
    const counted = now - shift - (this.#before?.wall ?? now);
    const tooMuch = counted - (this.host.now - (this.#before?.at ?? this.host.now));
    if (tooMuch > 0) this.miscounted.push({ at: this.host.now, span: tooMuch });
    this.#before = { wall: now, at: this.host.now };
  }

  #run(): void {
    this.counts.runs += 1;
    this.#killAt = this.random.chance(0.04) ? this.random.between(1, 12) : Number.POSITIVE_INFINITY;
    try {
      run(this);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      this.counts.kills += 1;
    }
    this.#killAt = Number.POSITIVE_INFINITY;
  }

  /** Between any two steps of a run. */
  step(): void {
    this.#killAt -= 1;
    if (this.#killAt === 0) throw new Killed();
  }

  probeFails(): boolean {
    const fails = this.host.now < this.#blindUntil || this.random.chance(0.03);
    if (fails) this.counts.probesFailed += 1;
    return fails;
  }

  channelFails(): boolean {
    const fails = this.host.now < this.#silentUntil || this.random.chance(0.3);
    if (fails) this.counts.noticesFailed += 1;
    return fails;
  }

  /** What a box's people do in an hour: come, work, leave, hold; and boxes crash. */
  #people(box: TrueBox): void {
    const row = this.records.rows.get(box.name);
    if (!box.exists || row === undefined) return;
    if (box.activeUntil > box.usedAt) this.#use(box, Math.min(this.host.now, box.activeUntil));
    if (box.comesAt !== undefined && box.comesAt <= this.host.now) this.visit(box, row);
    if (box.runs && box.habit !== "abandoned" && this.random.chance(1 / (80 * 24))) {
      const until = this.host.wall() + this.random.between(1, 14 * 24) * HOUR;
      row.hold = { until, createdAt: this.host.wall() };
    }
    if (row.hold !== undefined && this.host.wall() < row.hold.until) box.heldAt = this.host.now;
    if (box.runs && this.random.chance(1 / (200 * 24))) {
      this.#halt(box);
    }
  }

  /** Somebody comes, and starts the box when it is stopped. */
  visit(box: TrueBox, row: Row): void {
    this.counts.visits += 1;
    if (!box.runs) this.start(box, row, "start");
    else if (this.random.chance(0.5)) row.lastActivity = { at: this.host.wall(), by: "ssh" };
    box.activeUntil = this.host.now + this.random.between(5, 9 * 60) * MINUTE;
    this.#use(box, this.host.now);
    box.comesAt = nextVisit(this.random, box, box.activeUntil);
  }

  /** Between a run's two looks somebody may come who was not expected. */
  maybeVisit(box: TrueBox): void {
    const row = this.records.rows.get(box.name);
    if (row !== undefined && box.comesAt !== undefined && this.random.chance(0.1)) this.visit(box, row);
  }

  #use(box: TrueBox, at: Millis): void {
    box.usedAt = at;
    box.usedWall = this.host.wall(at);
  }

  /** After a boot, those that were meant to run do so again. */
  #resume(): void {
    for (const box of this.boxes) {
      const row = this.records.rows.get(box.name);
      if (row?.desired !== "running" || !box.exists) continue;
      // One that does not come up stays stopped until somebody starts it.
      if (this.random.chance(0.1)) this.#halt(box);
      else this.#up(box, row);
    }
  }

  start(box: TrueBox, row: Row, by: "start" | "schedule"): void {
    this.#up(box, row);
    row.desired = "running";
    // A start by schedule is nobody's use.
    if (by === "start") row.lastActivity = { at: this.host.wall(), by };
  }

  #up(box: TrueBox, row: Row): void {
    box.runs = true;
    box.stoppedAt = undefined;
    box.archivedAt = undefined;
    row.stoppedAt = undefined;
  }

  #halt(box: TrueBox): void {
    if (box.activeUntil > this.host.now) this.#use(box, this.host.now);
    box.activeUntil = Math.min(box.activeUntil, this.host.now);
    box.runs = false;
    box.stoppedAt ??= this.host.now;
  }

  stop(box: TrueBox, row: Row, reason: string): void {
    this.counts[reason === "schedule" ? "scheduled" : "stops"] += 1;
    this.#blame(box, unlawfulStop(box, this, reason));
    row.desired = "stopped";
    this.step();
    this.#halt(box);
    this.step();
    row.stoppedAt = this.host.wall();
  }

  destroy(box: TrueBox): void {
    if (this.random.chance(0.2)) {
      this.counts.archivesFailed += 1;
      return;
    }
    box.archivedAt = this.host.now;
    this.step();
    this.#blame(box, unlawfulDestroy(box, this));
    this.counts.destroys += 1;
    box.exists = false;
    box.destroyedAt = this.host.now;
    this.step();
    this.records.rows.delete(box.name);
  }

  #blame(box: TrueBox, problem: string | undefined): void {
    if (problem !== undefined) this.violations.push(`${new Date(this.host.now).toISOString()} ${box.name}: ${problem}`);
  }
}

const newRow = (now: Millis): Row => ({
  ...{ createdAt: now, lastActivity: { at: now, by: "create" }, stoppedAt: undefined, desired: "running" },
  ...{ hold: undefined, heldUntil: undefined, handledAt: now, notices: [] },
});
