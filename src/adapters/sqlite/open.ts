import { closeSync, existsSync, mkdirSync, openSync, renameSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DevboxError, messageOf } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { MIGRATIONS } from "./migrations.ts";

/** Milliseconds that one process waits for the others' transactions before it says "busy". */
const BUSY_WAIT = 10_000;

/** The ledger's file in a state directory. */
export function ledgerFile(stateDir: string): string {
  return join(stateDir, "ledger.db");
}

/**
 * Opens the ledger, makes it when it is not there, and brings it to this program's version.
 * @throws {DevboxError} STATE_UNWRITABLE, HOST_DISK, LEDGER_CORRUPT, LEDGER_NEWER or BUSY
 */
export function openDatabase(stateDir: string): DatabaseSync {
  const file = ledgerFile(stateDir);
  let db: DatabaseSync | undefined;
  try {
    makeDirectory(stateDir);
    // Created before SQLite does, so that nobody else can read it for even a moment, whatever the umask says.
    closeSync(openSync(file, "a", 0o600));
    db = new DatabaseSync(file, { timeout: BUSY_WAIT });
    // Before anything is written: a ledger of another version stays as it is.
    checkVersion(versionOf(db), file);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file);
  }
}

/** Makes a directory and those above it. Node's own way of doing so never ends below /proc. */
function makeDirectory(dir: string): void {
  if (existsSync(dir)) return;
  makeDirectory(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster; a link that leads nowhere is there too, and no directory.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || !existsSync(dir)) throw error;
  }
}

function migrate(db: DatabaseSync, file: string): void {
  if (versionOf(db) === MIGRATIONS.length) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    // Read again: another process may have migrated while this one waited.
    const version = versionOf(db);
    checkVersion(version, file);
    for (const migration of MIGRATIONS.slice(version)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${String(MIGRATIONS.length)}`);
    db.exec("COMMIT");
  } catch (error) {
    // SQLite may have rolled back by itself (disk full); then there is nothing left to roll back.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** @throws {DevboxError} LEDGER_NEWER or LEDGER_CORRUPT */
function checkVersion(version: number, file: string): void {
  if (version > MIGRATIONS.length) throw newer(file, version);
  if (version < 0) throw damaged(file, `It says that it has version ${String(version)}.`);
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
}

function newer(file: string, version: number): DevboxError {
  return new DevboxError("LEDGER_NEWER", `The ledger ${quote(file)} was written by a newer devbox-ctl.`, {
    why: `It has version ${String(version)}; this program knows version ${String(MIGRATIONS.length)}. It was not changed.`,
    next: ["Upgrade devbox-ctl on this host"],
  });
}

// Primary SQLite result codes (sqlite3.h); the extended ones carry them in their low byte.
const SQLITE = {
  error: 1,
  perm: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  protocol: 15,
  notadb: 26,
} as const;

/** What SQLite says of a file that is a database, but not ours. */
const NOT_OURS = /no such (table|column)|already exists|has no column|has \d+ columns/;

/** What the file system says when a directory cannot be made or written. */
const UNWRITABLE = new Set([
  "EACCES",
  "EROFS",
  "EPERM",
  "ENOTDIR",
  "EEXIST",
  "EISDIR",
  "ENOENT",
  "ELOOP",
  "ENAMETOOLONG",
]);

/** What an error of SQLite or the file system means for a person. Errors that are no such thing come back as they are. */
export function explain(error: unknown, file: string): unknown {
  if (error instanceof DevboxError) return error;
  const { code = "", errcode } = error as { code?: string; errcode?: number };
  const why = messageOf(error);
  const parts = { why, cause: error };
  switch (errcode === undefined ? undefined : errcode & 0xff) {
    case SQLITE.busy:
    case SQLITE.locked:
      return new DevboxError("BUSY", "the ledger is in use by other commands.", {
        ...parts,
        next: ["Try again in a moment"],
      });
    case SQLITE.protocol:
      return new DevboxError("BUSY", "the ledger's lock cannot be had.", {
        ...parts,
        next: ["Try again in a moment", `If it stays so: all files beside ${quote(file)} must belong to this user`],
      });
    case SQLITE.corrupt:
    case SQLITE.notadb:
      return damaged(file, why, error);
    case SQLITE.error:
      return NOT_OURS.test(why) ? damaged(file, why, error) : error;
    case SQLITE.full:
      return full(file, parts);
    case SQLITE.perm:
    case SQLITE.readonly:
    case SQLITE.cantopen:
    case SQLITE.ioerr:
      // A full disk is not always called so: the index of the write-ahead log fails as any other file would.
      return isFull(file) ? full(file, parts) : unwritable(file, parts);
    default:
  }
  if (code === "ENOSPC" || code === "EDQUOT") return full(file, parts);
  return UNWRITABLE.has(code) ? unwritable(file, parts) : error;
}

/** Whether not one block is left where the ledger lies. */
function isFull(file: string): boolean {
  try {
    return statfsSync(dirname(file)).bavail === 0;
  } catch {
    return false;
  }
}

/** The error for a ledger that SQLite cannot make sense of. */
export function damaged(file: string, why: string, cause?: unknown): DevboxError {
  return new DevboxError("LEDGER_CORRUPT", `The ledger ${quote(file)} is damaged.`, {
    why,
    next: ["devbox-ctl doctor --fix   (keeps the damaged file aside and rebuilds the ledger from Podman)"],
    cause,
  });
}

function full(file: string, parts: { why: string; cause: unknown }): DevboxError {
  return new DevboxError("HOST_DISK", "the disk that holds the ledger is full.", {
    ...parts,
    next: [`Free some space where ${quote(file)} lies, then run the command again`],
  });
}

function unwritable(file: string, parts: { why: string; cause: unknown }): DevboxError {
  const dir = dirname(file);
  const exists = existsSync(dir);
  return new DevboxError(
    "STATE_UNWRITABLE",
    `the state directory ${quote(dir)} cannot be ${exists ? "written" : "made"}.`,
    {
      ...parts,
      next: ["Give this user the right to write there, or name another one: state.dir in the configuration"],
    },
  );
}

/**
 * Renames a damaged ledger, with what belongs to it, so that a new one can be made in its place.
 * @param mark makes the new name unlike earlier ones
 * @returns the new path
 */
export function setAside(stateDir: string, mark: string): string {
  const file = ledgerFile(stateDir);
  const kept = `${file}.damaged-${mark}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, kept + suffix);
  }
  return kept;
}
