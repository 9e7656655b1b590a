import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { createHost } from "../../src/adapters/system/host.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { Tick } from "../../src/core/lifecycle/clock.ts";
import type { NoticeRecord } from "../../src/core/lifecycle/records.ts";
import { SPEC_VERSION } from "../../src/core/spec-text.ts";
import { DAY, HOUR, MINUTE } from "../../src/core/time.ts";
import type { Ledger } from "../../src/ports/ledger.ts";

const NOW = Date.UTC(2026, 2, 1, 12);
const BOX = "abcdefgh";
const tick = (wall: number, uptime: number, bootId = "one"): Tick => ({ wall: NOW + wall, uptime, bootId });

let dir: string;
let ledger: Ledger;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-ledger-"));
  ledger = openLedger({ stateDir: dir, config: DEFAULTS, isAlive: () => true });
  const spec = {
    ...{ version: SPEC_VERSION, image: "i", cpus: 1, memory: 1, pids: 1 },
    ...{ home: "h", private: "p", idmap: null, services: [], readOnly: false },
  };
  const box = { id: BOX, name: "api", owner: "alice", desired: "running", spec, createdAt: NOW - 50 * DAY } as const;
  ledger.adopt({ ...box, containerId: undefined, lastUsedAt: NOW - 6 * DAY });
  ledger.settleTimes(() => tick(0, HOUR));
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

type Warning = Omit<NoticeRecord, "id" | "withdrawnAt" | "deliveries">;
const warning = (since: number, change: Partial<Warning> = {}): Warning => ({
  ...{ boxId: BOX, boxName: "api", owner: "alice", kind: "stop", stage: "first", since, deadline: since + 7 * DAY },
  ...{ subject: "s", body: "b", createdAt: since + 5 * DAY },
  ...change,
});
const delivered = (at: number) => ({ channel: "email", attempts: 1, triedAt: at, deliveredAt: at, problem: undefined });
const sinces = () =>
  ledger
    .notices({ boxId: BOX })
    .map(({ since }) => (since - NOW) / HOUR)
    .sort((a, b) => a - b);

describe("when the clock was set", () => {
  it.each([
    ["ahead a day", DAY],
    ["back an hour", -HOUR],
    ["back twenty years", -20 * 365 * DAY],
  ])("%s, every span is as long as it was [FR-034] [FR-035]", (_, by) => {
    ledger.update(BOX, { stoppedAt: NOW - 3 * DAY });
    const id = ledger.addNotice(warning(NOW - 6 * DAY));
    ledger.recordDelivery(id, delivered(NOW - DAY + HOUR));
    ledger.addHold({
      boxId: BOX,
      until: NOW - 4 * DAY,
      by: "alice",
      reason: "",
      createdAt: NOW - 5 * DAY,
      holder: undefined,
    });
    expect(ledger.settleTimes(() => tick(HOUR + by, 2 * HOUR))).toBe(by);
    const now = NOW + HOUR + by;
    expect(ledger.boxById(BOX)).toMatchObject({
      createdAt: now - 50 * DAY - HOUR,
      lastUsedAt: now - 6 * DAY - HOUR,
      stoppedAt: now - 3 * DAY - HOUR,
    });
    expect(ledger.notices({ boxId: BOX })).toMatchObject([
      {
        since: now - 6 * DAY - HOUR,
        deadline: now + DAY - HOUR,
        createdAt: now - DAY - HOUR,
        deliveries: [{ deliveredAt: now - DAY, triedAt: now - DAY }],
      },
    ]);
    expect(ledger.holds(BOX)).toMatchObject([{ endedAt: now - 4 * DAY - HOUR, createdAt: now - 5 * DAY - HOUR }]);
    expect(ledger.clockMoves()).toEqual([{ shift: by, last: NOW + HOUR, first: NOW + by, now }]);
    // And that once: the next look finds a clock that goes as it should.
    expect(ledger.settleTimes(() => tick(HOUR + by + HOUR, 3 * HOUR))).toBe(0);
    expect(ledger.boxById(BOX)?.lastUsedAt).toBe(now - 6 * DAY - HOUR);
  });

  it("notices that follow each other by just that are both kept [FR-036]", () => {
    for (const hours of [1, 2, 3, 4, 5]) ledger.addNotice(warning(NOW - hours * HOUR));
    ledger.settleTimes(() => tick(2 * HOUR, 2 * HOUR));
    expect(sinces()).toEqual([-4, -3, -2, -1, 0]);
    // Back four hours: what can be of the last hour by the new setting stays, what lies ahead cannot.
    ledger.settleTimes(() => tick(-HOUR, 3 * HOUR));
    expect(sinces()).toEqual([-8, -7, -4, -2, -1]);
  });

  it("what can be of either setting is taken for the later [FR-034]", () => {
    // Used half an hour after the last look, and then the clock went back: or the other way round, nobody knows.
    ledger.touch(BOX, NOW - 30 * MINUTE, "ssh");
    ledger.settleTimes(() => tick(0, 2 * HOUR));
    expect(ledger.boxById(BOX)?.lastUsedAt).toBe(NOW - 30 * MINUTE);
  });

  it("what was written down by the new setting stays [FR-034]", () => {
    ledger.touch(BOX, NOW + DAY + 10 * MINUTE, "ssh");
    ledger.settleTimes(() => tick(DAY + HOUR, 2 * HOUR));
    expect(ledger.boxById(BOX)?.lastUsedAt).toBe(NOW + DAY + 10 * MINUTE);
  });

  it("a hold over whose end it was set ends now, so that the box was not idle before [X-03]", () => {
    const hold = { boxId: BOX, until: NOW + 3 * DAY, by: "alice", reason: "", createdAt: NOW, holder: undefined };
    ledger.addHold(hold);
    ledger.settleTimes(() => tick(300 * DAY, 2 * HOUR));
    expect(ledger.holds(BOX)).toMatchObject([{ endedAt: NOW + 300 * DAY }]);
  });

  it("times in the future are brought back to now [FR-034]", () => {
    ledger.update(BOX, { stoppedAt: NOW + 9 * DAY, lastUsed: { at: NOW + 9 * DAY, by: "ssh" } });
    ledger.setSchedule({ boxId: BOX, start: "0 8 * * *", stop: undefined, zone: "UTC", handledAt: NOW + 9 * DAY });
    ledger.addNotice(warning(NOW + 9 * DAY));
    expect(ledger.settleTimes(() => tick(HOUR, 2 * HOUR))).toBe(0);
    expect(ledger.boxById(BOX)).toMatchObject({ stoppedAt: NOW + HOUR, lastUsedAt: NOW + HOUR });
    expect(ledger.scheduleOf(BOX)?.handledAt).toBe(NOW + HOUR);
    expect(sinces()).toEqual([1]);
  });

  it("killed in the middle, the next run moves everything, once [X-06]", () => {
    const other = openLedger({ stateDir: dir, config: DEFAULTS, isAlive: () => true });
    const db = new DatabaseSync(path.join(dir, "ledger.db"));
    db.exec("CREATE TRIGGER killed BEFORE UPDATE ON samples BEGIN SELECT raise(ABORT, 'killed'); END");
    ledger.setSample({ boxId: BOX, at: NOW, data: "{}" });
    expect(() => ledger.settleTimes(() => tick(DAY, 2 * HOUR))).toThrow("killed");
    expect(ledger.boxById(BOX)?.lastUsedAt).toBe(NOW - 6 * DAY);
    db.exec("DROP TRIGGER killed");
    db.close();
    expect(other.settleTimes(() => tick(DAY, 2 * HOUR))).toBe(23 * HOUR);
    expect(ledger.settleTimes(() => tick(DAY, 2 * HOUR))).toBe(0);
    expect(ledger.boxById(BOX)?.lastUsedAt).toBe(NOW - 6 * DAY + 23 * HOUR);
    other.close();
  });

  it("many processes at once move it once [X-06]", async () => {
    const script = `
      import { openLedger } from ${JSON.stringify(pathToFileURL(path.resolve("src/adapters/sqlite/ledger.ts")).href)};
      import { DEFAULTS } from ${JSON.stringify(pathToFileURL(path.resolve("src/core/config/defaults.ts")).href)};
      const ledger = openLedger({ stateDir: ${JSON.stringify(dir)}, config: DEFAULTS, isAlive: () => true });
      console.log(ledger.settleTimes(() => (${JSON.stringify(tick(DAY, 2 * HOUR))})));`;
    const runs = Array.from({ length: 4 }, () =>
      text(
        spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] }).stdout,
      ),
    );
    expect((await Promise.all(runs)).map(Number).sort((a, b) => a - b)).toEqual([0, 0, 0, 23 * HOUR]);
    expect(ledger.boxById(BOX)?.lastUsedAt).toBe(NOW - 6 * DAY + 23 * HOUR);
  });
});

describe("a warning that is asked for once more", () => {
  const first = warning(NOW - 6 * DAY);
  const again = { ...first, subject: "new", deadline: NOW + 9 * DAY, createdAt: first.createdAt + HOUR };

  it("is the same within a minute, so that two reapers tell once [FR-036]", () => {
    const id = ledger.addNotice(first);
    ledger.recordDelivery(id, delivered(NOW));
    expect(ledger.addNotice({ ...again, createdAt: first.createdAt + MINUTE })).toBe(id);
    expect(ledger.noticeById(id)).toMatchObject({ subject: "s", deliveries: [{ deliveredAt: NOW }] });
  });

  it("is a new one later: what was delivered before told of another end [X-05]", () => {
    const id = ledger.addNotice(first);
    ledger.recordDelivery(id, delivered(NOW));
    const next = ledger.addNotice(again);
    expect(next).not.toBe(id);
    expect(ledger.notices({ boxId: BOX })).toMatchObject([{ id: next, subject: "new", deliveries: [] }]);
  });

  it("is a new one when the first was withdrawn [X-05]", () => {
    const id = ledger.addNotice(first);
    ledger.recordDelivery(id, delivered(NOW));
    ledger.withdrawNotice(id, NOW);
    expect(ledger.addNotice(first)).not.toBe(id);
    expect(ledger.deliveredAt(BOX, "stop", "first", first.since)).toBeUndefined();
  });

  it("is not told again when it says what went wrong [FR-036]", () => {
    const trouble = { ...first, kind: "trouble", deadline: undefined } as const;
    const id = ledger.addNotice(trouble);
    expect(ledger.addNotice({ ...trouble, createdAt: NOW + 30 * DAY })).toBe(id);
  });
});

describe("the machine's time since boot", () => {
  it("goes on", async () => {
    const host = createHost(systemClock);
    const [first, wall] = [host.uptime(), systemClock.monotonic()];
    await systemClock.sleep(50);
    expect(Number.isSafeInteger(first)).toBe(true);
    expect(Math.abs(host.uptime() - first - (systemClock.monotonic() - wall))).toBeLessThan(30);
  });
});

describe("holds that are over", () => {
  it("are forgotten but for the last one, however often somebody holds a box [X-01]", () => {
    for (let i = 0; i < 50; i += 1) {
      const hold = { boxId: BOX, until: NOW + DAY, by: "alice", reason: "", createdAt: NOW, holder: undefined };
      ledger.endHold(ledger.addHold(hold), NOW + 1000 - i);
    }
    expect(ledger.holds(BOX)).toMatchObject([{ endedAt: NOW + 1000 }]);
    const db = new DatabaseSync(path.join(dir, "ledger.db"), { readOnly: true });
    expect(db.prepare("SELECT count(*) AS n FROM holds").get()).toMatchObject({ n: 1 });
    db.close();
  });
});
