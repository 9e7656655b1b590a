import { isOver } from "../../core/lifecycle/archives.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { DAY, type Millis } from "../../core/time.ts";
import type { ArchiveStore } from "../../ports/archive-store.ts";
import type { Deps } from "../deps.ts";
import { adoptArchives, neededArchives } from "./known.ts";

/** How long what a killed command has written waits to be gone on with. */
const WAITS: Millis = DAY;

/**
 * Removes archives whose time is over, and what killed commands left of others. The clock has to be settled before.
 * @returns those that were whole, and are gone
 * @throws {DevboxError} STATE_UNWRITABLE
 */
export async function expireArchives(deps: Deps): Promise<ArchiveRecord[]> {
  const store = await deps.archives();
  await adoptArchives(deps);
  dropLeftovers(deps, store);
  const needed = neededArchives(deps);
  const { keep } = deps.config.lifecycle.archive;
  const over = deps.ledger
    .archives()
    .filter(
      (archive) => isOver(archive, keep, deps.clock.now()) && !needed.has(archive.id) && !isInHand(deps, archive),
    );
  for (const archive of over) dropArchive(deps, store, archive.id);
  return over;
}

/** Removes an archive so that whatever a killed command leaves of it is found. */
export function dropArchive({ ledger }: Pick<Deps, "ledger">, store: ArchiveStore, id: string): void {
  ledger.updateArchive(id, { state: "removing" });
  store.remove(id);
  ledger.removeArchive(id);
}

/** @returns ids of what was begun and is of no use any more */
export function leftovers(deps: Pick<Deps, "ledger" | "host" | "clock">, store: ArchiveStore): string[] {
  const known = new Map(deps.ledger.archives().map((archive) => [archive.id, archive]));
  const rows = [...known.values()].filter((archive) => archive.state === "removing" || isGivenUp(deps, archive));
  // Without a row nobody is at it: the row comes first, and goes last.
  const files = store.stored().filter(({ id, record, whole }) => !known.has(id) && !(whole && record !== undefined));
  return [...rows.map(({ id }) => id), ...files.filter(({ whole }) => !whole).map(({ id }) => id)];
}

/** Removes those. */
export function dropLeftovers(deps: Pick<Deps, "ledger" | "host" | "clock">, store: ArchiveStore): void {
  for (const id of leftovers(deps, store)) {
    store.remove(id);
    deps.ledger.removeArchive(id);
  }
}

/** Whether nobody writes it, and nobody will go on with it soon. */
function isGivenUp(deps: Pick<Deps, "ledger" | "host" | "clock">, { state, boxId, createdAt }: ArchiveRecord): boolean {
  if (state !== "writing") return false;
  if (deps.ledger.boxById(boxId) === undefined) return true;
  return !isInHand(deps, { boxId }) && deps.clock.now() - createdAt > WAITS;
}

/** Whether a command is at work on the box that it is of, which may be the one that counts on it. */
function isInHand({ ledger, host }: Pick<Deps, "ledger" | "host">, { boxId }: Pick<ArchiveRecord, "boxId">): boolean {
  const lease = ledger.leaseOn(boxId);
  return lease !== undefined && host.isAlive(lease.holder);
}
