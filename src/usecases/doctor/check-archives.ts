import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { formatSize } from "../../core/size.ts";
import { count } from "../../core/text.ts";
import type { ArchiveStore } from "../../ports/archive-store.ts";
import { mayUse } from "../access.ts";
import { dropLeftovers, leftovers } from "../archives/expire.ts";
import { adoptArchives, lostArchives } from "../archives/known.ts";
import type { Deps } from "../deps.ts";
import { problemFrom } from "./check-engine.ts";
import type { Finding } from "./finding.ts";

const CHECK = "archives";
const FIX = ["devbox-ctl doctor --fix"];

/**
 * Archives that the ledger lost, files that are of none, and archives whose files are gone; with `fix` the first two are
 * put right. Their insides are for `archive verify`.
 */
export async function checkArchives(deps: Deps, fix: boolean): Promise<Finding[]> {
  try {
    const store = await deps.archives();
    const findings = [...(await lost(deps, store, fix)), ...missing(deps, store), ...left(deps, store, fix)];
    const whole = mine(deps).filter(({ state }) => state === "complete");
    const text = `Archives: ${String(whole.length)}, ${formatSize(whole.reduce((sum, { size }) => sum + size, 0))}`;
    return whole.length === 0 && findings.length === 0 ? [] : [{ check: CHECK, status: "pass", text }, ...findings];
  } catch (error) {
    return [problemFrom(CHECK, error)];
  }
}

function mine(deps: Deps): ArchiveRecord[] {
  return deps.ledger.archives().filter(({ owner }) => mayUse(deps.caller, owner));
}

async function lost(deps: Deps, store: ArchiveStore, fix: boolean): Promise<Finding[]> {
  const known = new Map(deps.ledger.archives().map(({ id, state }) => [id, state]));
  const found = lostArchives(store, known).filter(({ owner }) => mayUse(deps.caller, owner));
  if (fix && found.length > 0) await adoptArchives(deps);
  return found.map(({ id, boxName }) =>
    fix
      ? { check: CHECK, status: "fixed", text: `the archive ${id} of ${boxName} is in the ledger again` }
      : { check: CHECK, status: "problem", text: `the archive ${id} of ${boxName} is not in the ledger`, next: FIX },
  );
}

function missing(deps: Deps, store: ArchiveStore): Finding[] {
  const whole = new Set(store.stored().flatMap((stored) => (stored.whole ? [stored.id] : [])));
  return mine(deps)
    .filter(({ id, state }) => state === "complete" && !whole.has(id))
    .map(({ id, boxName }) => ({
      ...{
        check: CHECK,
        status: "problem",
        text: `the file of the archive ${id} of ${boxName} was removed by other hands`,
      },
      next: [`Bring it back to ${store.dir}, or forget it: devbox-ctl archive remove ${id}`],
    }));
}

/** What killed commands began is nobody's in particular: it is told to whoever looks after all. */
function left(deps: Deps, store: ArchiveStore, fix: boolean): Finding[] {
  if (deps.caller.via !== "local" && !deps.caller.admin) return [];
  const ids = leftovers(deps, store);
  if (ids.length === 0) return [];
  if (!fix) {
    const text = `${count(ids.length, "archive")} that nobody goes on with ${ids.length === 1 ? "lies" : "lie"} half written`;
    return [{ check: CHECK, status: "problem", text, next: FIX }];
  }
  dropLeftovers(deps, store);
  return [{ check: CHECK, status: "fixed", text: `${count(ids.length, "archive")}, half written, removed` }];
}
