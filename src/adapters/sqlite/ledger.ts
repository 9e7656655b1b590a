import type { DatabaseSync } from "node:sqlite";
import type { Config } from "../../core/config/config.ts";
import type { ProcessIdentity } from "../../core/operation.ts";
import type { Ledger } from "../../ports/ledger.ts";
import { archiveCalls } from "./archives.ts";
import { auditCalls } from "./audit.ts";
import { deviceCalls } from "./devices.ts";
import { holdCalls } from "./holds.ts";
import { journalCalls } from "./journal.ts";
import { leaseCalls } from "./leases.ts";
import { lifecycleCalls } from "./lifecycle.ts";
import { mappingCalls } from "./mappings.ts";
import { noticeCalls } from "./notices.ts";
import { damaged, explain, ledgerFile, openDatabase } from "./open.ts";
import { registryCalls } from "./registry.ts";
import { timeCalls } from "./times.ts";
import { ownedVolumeCalls } from "./volumes.ts";

export interface LedgerOptions {
  readonly stateDir: string;
  readonly config: Config;
  /** Whether a process still runs; a lease of one that does not is nobody's. */
  readonly isAlive: (holder: ProcessIdentity) => boolean;
}

/** What the parts of the ledger share. */
export interface LedgerCore {
  readonly db: DatabaseSync;
  readonly options: LedgerOptions;
  /** Runs one immediate transaction; SQLite's errors come out explained. */
  transaction<T>(act: () => T): T;
  /** Runs one statement outside a transaction, errors explained. */
  query(sql: string, ...values: (string | number | null)[]): Record<string, unknown>[];
}

/**
 * Opens the ledger of a state directory.
 * @throws {DevboxError} STATE_UNWRITABLE, HOST_DISK, LEDGER_CORRUPT, LEDGER_NEWER, BUSY
 */
export function openLedger(options: LedgerOptions): Ledger {
  const db = openDatabase(options.stateDir);
  const core = coreOf(db, options);
  return {
    ...registryCalls(core),
    ...journalCalls(core),
    ...leaseCalls(core),
    ...mappingCalls(core),
    ...deviceCalls(core),
    ...auditCalls(core),
    exclusively: (act) => core.transaction(act),
    ...ownedVolumeCalls(core),
    ...holdCalls(core),
    ...lifecycleCalls(core),
    ...timeCalls(core),
    ...noticeCalls(core),
    ...archiveCalls(core),
    fact: (key) => core.query("SELECT value FROM facts WHERE key = ?", key)[0]?.value as string | undefined,
    setFact: (key, value) => {
      core.query("INSERT INTO facts VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value);
    },
    size: () =>
      Number(core.query("SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size")[0]?.size),
    check: () => {
      const found = core.query("PRAGMA quick_check").map((row) => row.quick_check as string);
      if (found.join() !== "ok") throw damaged(ledgerFile(options.stateDir), found.slice(0, 5).join("\n"));
    },
    close: () => {
      db.close();
    },
  };
}

function coreOf(db: DatabaseSync, options: LedgerOptions): LedgerCore {
  const file = ledgerFile(options.stateDir);
  const explained = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw explain(error, file);
    }
  };
  return {
    db,
    options,
    query: (sql, ...values) => explained(() => db.prepare(sql).all(...values)),
    transaction: (act) =>
      explained(() => {
        db.exec("BEGIN IMMEDIATE");
        try {
          const result = act();
          db.exec("COMMIT");
          return result;
        } catch (error) {
          // SQLite may have rolled back by itself (disk full); then there is nothing left to roll back.
          if (db.isTransaction) db.exec("ROLLBACK");
          throw error;
        }
      }),
  };
}
