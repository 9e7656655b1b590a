import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLedger } from "../../src/adapters/sqlite/ledger.ts";
import { AUDIT_KEPT, type AuditBegin } from "../../src/core/audit.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DAY } from "../../src/core/time.ts";
import type { AuditFilter, Ledger } from "../../src/ports/ledger.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const ALL: AuditFilter = { viewer: undefined, user: undefined, box: undefined, since: undefined, limit: 1000 };
let dir: string;
let ledger: Ledger;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-audit-"));
  ledger = openLedger({ stateDir: dir, config: DEFAULTS, isAlive: () => true });
});
afterEach(() => {
  ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

const begin = (change: Partial<AuditBegin> = {}): AuditBegin => ({
  ...{ at: NOW, user: "alice", via: "sudo", address: undefined, admin: false, command: "start", what: undefined },
  box: { name: "api", id: "id1", owner: "alice" },
  holder: { pid: 7, startTicks: "5", bootId: "boot" },
  ...change,
});

function raw<T>(act: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path.join(dir, "ledger.db"));
  try {
    return act(db);
  } finally {
    db.close();
  }
}

/** Fills the log past the program, for what only shows with many records. */
function fill(user: string, records: number): void {
  raw((db) => {
    const insert = db.prepare(
      "INSERT INTO audit (at, user, via, admin, command, pid, start_ticks, boot_id) VALUES (?, ?, 'sudo', 0, 'exec', 1, '1', 'b')",
    );
    db.exec("BEGIN");
    for (let n = 0; n < records; n += 1) insert.run(NOW, user);
    db.exec("COMMIT");
  });
}

const held = (user: string) =>
  raw((db) => Number(db.prepare("SELECT count(*) AS n FROM audit WHERE user = ?").get(user)?.n));

describe("the audit log", () => {
  it("keeps a record of what begins and how it ends, and says of an open one that it has no end [X-09]", () => {
    const first = ledger.beginAudit(begin({ address: "10.0.0.7", what: "make" }));
    const second = ledger.beginAudit(begin({ command: "stop", box: undefined }));
    ledger.endAudit(first, { exitCode: 3, error: "BOX_NOT_FOUND", duration: 12.6, box: undefined });
    expect(ledger.audit(ALL)).toEqual([
      {
        ...begin({ address: "10.0.0.7", what: "make" }),
        id: first,
        end: { exitCode: 3, error: "BOX_NOT_FOUND", duration: 13 },
      },
      { ...begin({ command: "stop", box: undefined }), id: second, end: undefined },
    ]);
    expect(ledger.openAudit("alice").map(({ id }) => id)).toEqual([second]);
    expect(ledger.openAudit("bob")).toEqual([]);
  });

  it("knows a box from the end on when it came into being in between [X-09]", () => {
    const id = ledger.beginAudit(begin({ command: "create", box: { name: "api", id: undefined, owner: undefined } }));
    ledger.endAudit(id, {
      exitCode: 0,
      error: undefined,
      duration: 1,
      box: { name: "api", id: "id9", owner: "alice" },
    });
    expect(ledger.audit({ ...ALL, box: { ids: ["id9"] } })).toMatchObject([{ box: { id: "id9", owner: "alice" } }]);
    expect(ledger.auditedBox("api", "alice")).toEqual({ id: "id9", owner: "alice" });
    expect([ledger.auditedBoxes("api", "alice"), ledger.auditedBoxes("api", "bob")]).toEqual([["id9"], []]);
    expect(ledger.auditedBox("api", "bob")).toBeUndefined();
  });

  it.each([
    "UPDATE audit SET user = 'mallory'",
    "UPDATE audit_ends SET exit_code = 0",
    "DELETE FROM audit",
    "DELETE FROM audit_ends",
    "REPLACE INTO audit SELECT * FROM audit",
    "REPLACE INTO audit_ends SELECT id, 0, NULL, 0, NULL, NULL, NULL FROM audit_ends",
  ])("refuses %s [X-09]", (sql) => {
    const id = ledger.beginAudit(begin());
    ledger.endAudit(id, { exitCode: 4, error: "NOT_PERMITTED", duration: 1, box: undefined });
    const before = ledger.audit(ALL);
    expect(() => {
      raw((db) => {
        db.exec(sql);
      });
    }).toThrow("the audit log only grows");
    expect(ledger.audit(ALL)).toEqual(before);
    expect(() => {
      ledger.endAudit(id, { exitCode: 0, error: undefined, duration: 1, box: undefined });
    }).toThrow("the audit log only grows");
  });

  it("drops the oldest of a user who has too many, and nobody else's [X-09]", () => {
    const first = ledger.beginAudit(begin({ user: "bob" }));
    fill("mallory", AUDIT_KEPT.perUser + 998);
    ledger.beginAudit(begin({ user: "mallory" }));
    expect(held("mallory")).toBe(AUDIT_KEPT.perUser);
    expect(ledger.audit({ ...ALL, user: "bob" }).map(({ id }) => id)).toEqual([first]);
    // The guard is up again.
    expect(() => raw((db) => db.exec("DELETE FROM audit"))).toThrow("only grows");
  });

  it("drops what is too old, with its end [X-09]", () => {
    const old = ledger.beginAudit(begin({ at: NOW - (AUDIT_KEPT.days + 1) * DAY }));
    ledger.endAudit(old, { exitCode: 0, error: undefined, duration: 1, box: undefined });
    fill("alice", 998);
    ledger.beginAudit(begin());
    expect(held("alice")).toBe(999);
    expect(raw((db) => db.prepare("SELECT count(*) AS n FROM audit_ends").get()?.n)).toBe(0);
  });

  it("shows the newest when there are more than asked for, the oldest of them first", () => {
    const ids = [1, 2, 3].map((n) => ledger.beginAudit(begin({ at: NOW + n })));
    expect(ledger.audit({ ...ALL, limit: 2 }).map(({ id }) => id)).toEqual(ids.slice(1));
    expect(ledger.audit({ ...ALL, since: NOW + 3 }).map(({ id }) => id)).toEqual(ids.slice(2));
  });
});

describe("the ledger's lock", () => {
  it("keeps others out while something is done beside the ledger, and is given back when that fails", () => {
    const other = new DatabaseSync(path.join(dir, "ledger.db"), { timeout: 0 });
    const failing = () =>
      ledger.exclusively(() => {
        expect(() => {
          other.exec("BEGIN IMMEDIATE");
        }).toThrow("locked");
        throw new Error("inside");
      });
    expect(failing).toThrow("inside");
    other.exec("BEGIN IMMEDIATE");
    other.close();
  });
});
