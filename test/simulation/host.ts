import type { Tick } from "../../src/core/lifecycle/clock.ts";
import { DAY, HOUR, MINUTE, SECOND, type Millis } from "../../src/core/time.ts";
import type { Random } from "./random.ts";

/** How often things happen to a host, as a chance for each hour. */
const CHANCE = {
  back: 1 / (40 * 24),
  ahead: 1 / (50 * 24),
  correction: 1 / (5 * 24),
  off: 1 / (35 * 24),
  batteryDead: 0.2,
  reaperOff: 1 / (90 * 24),
};

/** A machine with a clock that is set now and then, that is off for hours or weeks, and whose timers may be. */
export class Host {
  /** True time: what a clock would say that nobody sets. */
  now: Millis;
  /** What the wall clock says beyond that. */
  offset = 0;
  /** Off until then. */
  offUntil: Millis = 0;
  /** The reaper's timer is stopped until then. */
  reaperOffUntil: Millis = 0;
  readonly counts = { jumps: 0, boots: 0, outages: 0 };
  #bootedAt: Millis;
  #boot = 1;
  #batteryFor: Millis | undefined;
  readonly #random: Random;

  constructor(random: Random, start: Millis) {
    this.#random = random;
    this.now = start;
    this.#bootedAt = start;
  }

  wall(at = this.now): Millis {
    return at + this.offset;
  }

  tick(): Tick {
    return { wall: this.wall(), uptime: this.now - this.#bootedAt, bootId: String(this.#boot) };
  }

  get isOn(): boolean {
    return this.now >= this.offUntil;
  }

  /** What becomes of the machine in an hour. @returns whether it went off, or came back */
  hour(): "went off" | "came on" | undefined {
    const wasOn = this.#bootedAt >= this.offUntil;
    if (!this.isOn) return undefined;
    if (!wasOn) return this.#boots();
    if (this.#random.chance(CHANCE.off)) {
      this.offUntil =
        this.now + (this.#random.chance(0.3) ? this.#random.between(1, 28) * DAY : this.#random.between(1, 20) * HOUR);
      return "went off";
    }
    if (this.#random.chance(CHANCE.reaperOff)) {
      this.reaperOffUntil = this.now + this.#random.between(2, 20 * 24) * HOUR;
      this.counts.outages += 1;
    }
    this.#setClock();
    return undefined;
  }

  #setClock(): void {
    const random = this.#random;
    if (this.#batteryFor !== undefined && random.chance(0.5)) {
      // Now somebody who knows the time is reached.
      this.#set(this.#batteryFor);
      this.#batteryFor = undefined;
    }
    if (random.chance(CHANCE.back)) this.#set(-HOUR);
    if (random.chance(CHANCE.ahead)) this.#set(DAY);
    if (random.chance(CHANCE.correction)) this.offset += random.between(-30, 30) * SECOND;
  }

  #set(by: Millis): void {
    this.offset += by;
    this.counts.jumps += 1;
  }

  #boots(): "came on" {
    this.#bootedAt = this.now;
    this.#boot += 1;
    this.counts.boots += 1;
    if (this.#batteryFor === undefined && this.#random.chance(CHANCE.batteryDead)) {
      // The machine's own clock has stood still for want of a battery, or has begun at some day long ago.
      const lost = this.#random.between(1, 300) * DAY + this.#random.between(0, 59) * MINUTE;
      this.#set(-lost);
      this.#batteryFor = lost;
    }
    return "came on";
  }
}
