import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { DevboxError } from "../../core/errors.ts";
import { MINUTE } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { explained } from "./files.ts";

/** Milliseconds for which one command waits for another. */
const PATIENCE = MINUTE;
/** Milliseconds between two tries. */
const POLL = 100;
/** SQLite's word for a lock that somebody else has. */
const SQLITE_BUSY = 5;

/**
 * Does something while no other process does. The lock is the kernel's, on an empty database: it goes with the process
 * that holds it, however that ends, and the programs that it starts do not inherit it.
 * @throws {DevboxError} BUSY, STATE_UNWRITABLE, HOST_DISK
 */
export async function alone<T>(file: string, clock: Clock, work: () => Promise<T>): Promise<T> {
  const database = explained(file, () => {
    // Created before SQLite does, so that nobody else can hold the lock.
    closeSync(openSync(file, "a", 0o600));
    return new DatabaseSync(file, { timeout: 0 });
  });
  try {
    const end = clock.monotonic() + PATIENCE;
    while (!locked(database, file)) {
      if (clock.monotonic() > end) {
        throw new DevboxError("BUSY", "another command is working on this tailnet.", {
          next: ["Try again when it is done"],
        });
      }
      await clock.sleep(POLL);
    }
    return await work();
  } finally {
    database.close();
  }
}

function locked(database: DatabaseSync, file: string): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false;
    return explained(file, () => {
      throw error;
    });
  }
}
