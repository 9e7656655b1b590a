import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { IMAGE } from "../../src/core/image-contract.ts";
import { DAY, HOUR, MINUTE, SECOND, type Millis } from "../../src/core/time.ts";
import type { BoxPipe, HomeTask, ProgramResult, ProgramRun } from "../../src/ports/engine.ts";
import type { Message } from "../../src/ports/notifier.ts";
import { create } from "../../src/usecases/create.ts";
import type { Deps } from "../../src/usecases/deps.ts";
import { reap } from "../../src/usecases/reap/reap.ts";
import { resume } from "../../src/usecases/resume.ts";
import { start } from "../../src/usecases/start.ts";
import { createInput, World } from "../fakes/world.ts";
import { newBox, nextVisit, type TrueBox } from "./box.ts";
import { Host } from "./host.ts";
import { killable } from "./killable.ts";
import { Random } from "./random.ts";
import { unlawfulDestroy, unlawfulStop } from "./truth.ts";

/** Short spans, so that a month is a life. */
const LIFECYCLE = {
  ...DEFAULTS.lifecycle,
  ...{ stopAfterIdle: 2 * DAY, destroyAfterStopped: 2 * DAY, notice: 12 * HOUR, reminder: 3 * HOUR, parallel: 2 },
};
const START = Date.UTC(2026, 0, 5);
const GRACE_TIME = 12 * DAY;

/** A home as tar has it. */
const HOME = (() => {
  const dir = mkdtempSync(path.join(tmpdir(), "dbxtest-home-"));
  writeFileSync(path.join(dir, "notes"), "of use\n");
  const tar = execFileSync("tar", ["-C", dir, "-cf", "-", "."]);
  rmSync(dir, { recursive: true });
  return tar;
})();

/** The reaper's own code on a real ledger; people, boxes, homes and channels are played, and may fail. */
export class RealWorld implements Disposable {
  readonly world = new World();
  readonly violations: string[] = [];
  readonly boxes: TrueBox[] = [];
  readonly counts = { runs: 0, kills: 0, stops: 0, destroys: 0, visits: 0, failures: 0 };
  /** Nothing can be miscounted here by more than the judge allows for anyway. */
  readonly miscounted: { at: Millis; span: Millis }[] = [];
  readonly random: Random;
  readonly host: Host;
  readonly #ids = new Map<string, TrueBox>();
  readonly #looks = new Map<TrueBox, number>();
  #isCalm = false;
  #pid = 100;
  #own: Deps | undefined;
  #before: { wall: Millis; at: Millis } | undefined;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.host = new Host(this.random, START);
    this.world.config = { ...DEFAULTS, lifecycle: LIFECYCLE };
    this.world.channels = [{ name: "webhook", deliver: (message) => this.#deliver(message) }];
    this.world.engine.program = (run, containerId) => this.#program(run, containerId);
    this.world.engine.task = (task) => this.#task(task);
    this.#watch();
    this.#tick();
  }

  /** A process of the boxes' owner: opening a ledger, and even more closing the last one, is what takes long here. */
  get #owner(): Deps {
    if (this.#own?.host.self().bootId !== this.world.bootId) {
      const before = this.#own;
      this.#own = this.world.process("alice", 1);
      before?.ledger.close();
    }
    return this.#own;
  }

  [Symbol.dispose](): void {
    this.world[Symbol.dispose]();
  }

  /** Plays so many days with everything that can go wrong, and then as many as are needed in calm. */
  async play(days: number): Promise<void> {
    await this.#create(4);
    for (const end = START + days * DAY; this.host.now < end;) await this.#hours(3);
    while (!this.host.isOn) await this.#hours(3);
    this.#isCalm = true;
    for (const box of this.boxes) box.comesAt = undefined;
    for (const end = this.host.now + GRACE_TIME; this.host.now < end;) await this.#hours(3);
  }

  async #create(boxes: number): Promise<void> {
    const deps = this.#owner;
    for (let i = 0; i < boxes; i++) {
      const name = `box-${String(i)}`;
      await create(deps, createInput(name));
      const { stopAfterIdle, destroyAfterStopped, notice, reminder } = LIFECYCLE;
      const policy = { stopAfterIdle, destroyAfterStopped, notice, reminder };
      const box = {
        ...newBox(this.random, name, this.host.now, this.host.wall()),
        policy,
        hasSchedule: this.random.chance(0.25),
      };
      const record = deps.ledger.boxByName(name);
      if (record === undefined) throw new Error("not created");
      if (box.hasSchedule) {
        const times = { start: "0 8 * * *", stop: "0 20 * * *", zone: "UTC" };
        deps.ledger.setSchedule({ boxId: record.id, ...times, handledAt: this.world.now });
      }
      this.boxes.push(box);
      this.#ids.set(record.id, box);
    }
  }

  async #hours(hours: number): Promise<void> {
    for (let i = 0; i < hours; i++) {
      const change = this.#isCalm && this.host.isOn ? undefined : this.host.hour();
      this.#tick();
      if (change === "went off") for (const box of this.boxes) this.#halt(box);
      if (change === "came on") await this.#run((deps) => resume(deps, { dryRun: false }));
      if (this.host.isOn) for (const box of this.boxes) await this.#people(box);
      this.host.now += HOUR;
      this.#tick();
    }
    if (!this.host.isOn || (!this.#isCalm && this.host.now < this.host.reaperOffUntil)) return;
    this.#looks.clear();
    await this.#run((deps) => reap(deps, { dryRun: false }));
  }

  /** One process, which may be killed at any call that it makes of ledger, engine or channel. */
  async #run(act: (deps: Deps) => Promise<unknown>): Promise<void> {
    this.#pid += 1;
    const pid = this.#pid;
    this.counts.runs += 1;
    const limit = this.#isCalm || this.random.chance(0.5) ? Number.POSITIVE_INFINITY : this.random.between(1, 120);
    const deps: Deps = {
      ...this.world.process("devbox", pid),
      caller: { user: "root", uid: 0, admin: true, via: "local" },
    };
    const mortal = killable(deps, limit, () => {
      this.world.kill(pid);
    });
    const ended = act(mortal.deps).catch((error: unknown) => {
      if (!mortal.wasKilled() && !(error instanceof DevboxError)) throw error;
    });
    await Promise.race([ended, mortal.death]);
    if (mortal.wasKilled()) this.counts.kills += 1;
    this.world.kill(pid);
    this.#notice();
  }

  /** How much more was counted than there was, which a clock that is set just before a boot can do. */
  #notice(): void {
    const { ledger } = this.#owner;
    const tick = JSON.parse(ledger.fact("lifecycle.tick") ?? "null") as { wall: Millis } | null;
    const last = ledger.clockMoves().at(-1);
    if (tick?.wall !== this.world.now) return;
    const shift = last?.now === tick.wall ? last.shift : 0;
    if (this.#before !== undefined) {
      const tooMuch = tick.wall - shift - this.#before.wall - (this.host.now - this.#before.at);
      if (tooMuch > 0) this.miscounted.push({ at: this.host.now, span: tooMuch });
    }
    this.#before = { wall: tick.wall, at: this.host.now };
  }

  #tick(): void {
    const { wall, uptime, bootId } = this.host.tick();
    this.world.now = wall;
    this.world.bootedAt = wall - uptime;
    this.world.bootId = bootId;
  }

  async #people(box: TrueBox): Promise<void> {
    if (!box.exists) return;
    if (box.activeUntil > box.usedAt) this.#use(box, Math.min(this.host.now, box.activeUntil));
    const deps = this.#owner;
    const record = deps.ledger.boxByName(box.name);
    if (record !== undefined && box.comesAt !== undefined && box.comesAt <= this.host.now) await this.#visit(deps, box);
    if (record !== undefined && !this.#isCalm && this.random.chance(1 / (12 * 24))) {
      const until = this.world.now + this.random.between(1, 60) * HOUR;
      deps.ledger.addHold({
        boxId: record.id,
        until,
        by: "alice",
        reason: "",
        createdAt: this.world.now,
        holder: undefined,
      });
    }
    const isHeld = deps.ledger
      .holds(record?.id)
      .some((hold) => hold.endedAt === undefined && hold.until > this.world.now);
    if (record !== undefined && isHeld) box.heldAt = this.host.now;
  }

  async #visit(deps: Deps, box: TrueBox): Promise<void> {
    this.counts.visits += 1;
    try {
      if (!box.runs) await start(deps, { name: box.name, recreate: false });
      this.#begin(box);
    } catch (error) {
      // Somebody else's work is left undone on it; they come again.
      if (!(error instanceof DevboxError)) throw error;
      box.comesAt = this.host.now + HOUR;
    }
  }

  #begin(box: TrueBox): void {
    box.activeUntil = this.host.now + this.random.between(5, 9 * 60) * MINUTE;
    this.#use(box, this.host.now);
    box.comesAt = nextVisit(this.random, box, box.activeUntil);
  }

  #use(box: TrueBox, at: Millis): void {
    box.usedAt = at;
    box.usedWall = this.host.wall(at);
  }

  #halt(box: TrueBox): void {
    if (box.activeUntil > this.host.now) this.#use(box, this.host.now);
    box.activeUntil = Math.min(box.activeUntil, this.host.now);
    box.stoppedAt ??= this.host.now;
    box.runs = false;
    for (const container of this.world.engine.containers.values()) {
      if (this.#ids.get(container.labels["devbox-ctl.id"] ?? "") === box) container.state = "exited";
    }
  }

  /** Judges what the engine is told to do to boxes. */
  #watch(): void {
    const { engine } = this.world;
    const of = (containerId: string) =>
      this.#ids.get(engine.containers.get(containerId)?.labels["devbox-ctl.id"] ?? "");
    const stopBox = engine.stopBox.bind(engine);
    const startBox = engine.startBox.bind(engine);
    const removeVolume = engine.removeVolume.bind(engine);
    engine.stopBox = async (id) => {
      const box = of(id);
      if (box?.runs === true) this.#stops(box);
      await stopBox(id);
    };
    engine.startBox = async (id) => {
      await startBox(id);
      const box = of(id);
      if (box !== undefined) Object.assign(box, { runs: true, stoppedAt: undefined, archivedAt: undefined });
    };
    engine.removeVolume = async (name) => {
      const [boxId, box] = [...this.#ids].find(([id]) => name.includes(id) && name.includes("home")) ?? [];
      if (boxId !== undefined && box?.exists === true) await this.#destroys(boxId, box);
      await removeVolume(name);
    };
  }

  #stops(box: TrueBox): void {
    this.counts.stops += 1;
    const idle = unlawfulStop(box, this, "idle");
    const problem = idle !== undefined && box.hasSchedule ? unlawfulStop(box, this, "schedule") : idle;
    this.#blame(box, problem);
    box.runs = false;
    box.stoppedAt = this.host.now;
  }

  async #destroys(boxId: string, box: TrueBox): Promise<void> {
    this.counts.destroys += 1;
    const deps = this.#owner;
    const archive = deps.ledger.archives().find((each) => each.boxId === boxId && each.state === "complete");
    const { size } = (await deps.archives()).stored().find(({ id }) => id === archive?.id) ?? { size: 0 };
    if (archive !== undefined && size > 0) box.archivedAt = this.host.now;
    this.#blame(box, unlawfulDestroy(box, this));
    box.exists = false;
    box.destroyedAt = this.host.now;
  }

  #blame(box: TrueBox, problem: string | undefined): void {
    if (problem !== undefined) this.violations.push(`${new Date(this.host.now).toISOString()} ${box.name}: ${problem}`);
  }

  #fails(chance: number): boolean {
    const fails = !this.#isCalm && this.random.chance(chance);
    if (fails) this.counts.failures += 1;
    return fails;
  }

  #deliver({ boxName, kind }: Message): Promise<void> {
    if (this.#fails(0.4)) return Promise.reject(new DevboxError("NOTIFY_FAILED", "nobody answers."));
    const box = this.boxes.find(({ name }) => name === boxName);
    if (kind === "stop" || kind === "destroy") box?.told.push({ kind, at: this.host.now });
    return Promise.resolve();
  }

  #program({ argv }: ProgramRun, containerId: string): ProgramResult {
    const box = this.#ids.get(this.world.engine.containers.get(containerId)?.labels["devbox-ctl.id"] ?? "");
    if (argv[0] !== IMAGE.programs.activity || box === undefined) return { exitCode: 0, stdout: "", stderr: "" };
    if (this.#fails(0.1)) return { exitCode: 1, stdout: "", stderr: "" };
    const answer = this.#activity(box);
    const looks = (this.#looks.get(box) ?? 0) + 1;
    this.#looks.set(box, looks);
    // Between the two looks of a run somebody comes who was not expected.
    if (looks === 1 && box.comesAt !== undefined && this.random.chance(0.02)) this.#begin(box);
    return { exitCode: 0, stdout: JSON.stringify(answer), stderr: "" };
  }

  #activity(box: TrueBox): unknown {
    const { now } = this.world;
    const used = Math.min(box.activeUntil > this.host.now ? now : box.usedWall, now);
    return {
      ...{
        version: 1,
        now: now / SECOND,
        sessions: [],
        connections: [],
        agents: [],
        detached: [],
        holds: [],
        unreadable: [],
      },
      box: { uptime: (this.world.now - this.world.bootedAt) / SECOND, instance: `${this.world.bootId}:1` },
      terminals: { open: 1, lastInput: used / SECOND, lastOutput: null },
      workspace: { lastChange: null, path: null, entries: 0, complete: true, future: null },
      cpu: { seconds: 10, source: "cgroup2", processes: 9, groups: [] },
      codeServer: { lastBeat: null },
    };
  }

  #task({ argv }: HomeTask): BoxPipe {
    const exitCode = this.#fails(0.2) ? 2 : 0;
    const text = argv[0] === "du" ? Buffer.from("4096\t/home/dev\n") : HOME;
    const stdin = new PassThrough();
    stdin.resume();
    const stdout = Readable.from(exitCode === 0 ? [text] : []);
    return {
      stdin,
      stdout,
      stderr: Readable.from([]),
      ended: Promise.resolve({ exitCode, stderr: "" }),
      kill: () => undefined,
    };
  }

  /** What is there in the end that should not be. */
  left(): string[] {
    const { ledger } = this.#owner;
    const found = [
      ...ledger.boxes().map(({ name }) => `${name} is still there`),
      ...ledger.operations().map(({ kind }) => `an operation is open: ${kind}`),
      ...[...this.world.engine.homes.keys()].map((name) => `volume ${name}`),
      ...[...this.world.engine.containers.values()].map(({ name }) => `container ${name}`),
      ...ledger
        .archives()
        .filter(({ state }) => state !== "complete")
        .map(({ boxName }) => `an archive of ${boxName} is half there`),
    ];
    return found;
  }
}
