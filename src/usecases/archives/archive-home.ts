import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, hasCode } from "../../core/errors.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { formatSize } from "../../core/size.ts";
import type { ArchiveContent, ArchiveStore } from "../../ports/archive-store.ts";
import type { Deps } from "../deps.ts";
import { throwIfInterrupted } from "../journal.ts";
import { findUnpushedAtRest } from "../lifecycle/unpushed.ts";
import { stopLeased } from "../start.ts";
import { homeSize, packedHome } from "./home-tar.ts";
import { adoptArchives } from "./known.ts";
import { checkRoom, makeRoom } from "./room.ts";

/** How often a home that is not what an earlier try has read is begun anew; nothing writes to it meanwhile. */
const TRIES = 3;

/**
 * Puts away the home of a box whose lease is held: stops it, and writes its home into an archive that is looked at
 * before it counts. Killed anywhere, the next call goes on with what is written, if the home is still the same.
 * @param reason as the archive will say it
 * @throws {DevboxError} ARCHIVE_QUOTA, HOST_DISK, ARCHIVE_DAMAGED, STATE_UNWRITABLE, INTERRUPTED, IMAGE_NOT_FOUND, the
 * ENGINE_ codes; the box is there in any case, and may be stopped
 */
export async function archiveHome(deps: Deps, box: BoxRecord, reason: string): Promise<ArchiveRecord> {
  const store = await deps.archives();
  await adoptArchives(deps);
  const earlier = deps.ledger.archives().findLast(({ boxId, state }) => boxId === box.id && state === "complete");
  const begun = deps.ledger.archives().findLast(({ boxId, state }) => boxId === box.id && state === "writing");
  // What there is no room for is refused before anything is stopped.
  const record = earlier === undefined ? await begin(deps, store, { box, reason, begun }) : undefined;
  const isStopped = await stop(deps, box);
  deps.progress.begin("Home archived");
  try {
    const again = earlier && (await stillSame(deps, store, box, { ...earlier, reason }));
    const whole =
      again ?? (await written(deps, store, box, record ?? (await begin(deps, store, { box, reason, begun }))));
    deps.progress.done(`${formatSize(whole.contentSize)} in ${formatSize(whole.size)}, checked`);
    return whole;
  } catch (error) {
    deps.progress.failed();
    throw isStopped ? andStopped(box, error) : error;
  }
}

/** @returns whether it ran until now */
async function stop(deps: Deps, box: BoxRecord): Promise<boolean> {
  const detail = box.containerId === undefined ? undefined : await deps.engine.inspect(box.containerId);
  // One whose container is gone has its home all the same.
  if (detail === undefined) return false;
  return (await stopLeased(deps, box)).changed;
}

/** An earlier archive that is of just this home: a destroy that did not come to its end has left it. */
async function stillSame(
  deps: Deps,
  store: ArchiveStore,
  box: BoxRecord,
  earlier: ArchiveRecord,
): Promise<ArchiveRecord | undefined> {
  // Of a box that was handed over, or made of another image meanwhile, it would restore what the box was before.
  if (earlier.owner !== box.owner || earlier.boxName !== box.name || earlier.spec !== JSON.stringify(box.spec))
    return undefined;
  const check = () => {
    throwIfInterrupted(deps.interrupt);
  };
  if ((await store.holds(earlier.id, packedHome(deps, box), check)) === undefined) return undefined;
  const now = deps.clock.now();
  const kept = { ...earlier, createdAt: now, expiresAt: expiry(deps, now) };
  await store.verify(kept);
  deps.ledger.updateArchive(earlier.id, kept);
  return kept;
}

interface Beginning {
  readonly box: BoxRecord;
  readonly reason: string;
  /** What a killed command has begun. */
  readonly begun: ArchiveRecord | undefined;
}

/** Enters the archive with as much room as it may need, so that others at the same time do not count on it too. */
async function begin(deps: Deps, store: ArchiveStore, { box, reason, begun }: Beginning): Promise<ArchiveRecord> {
  const { id, name, owner, spec } = box;
  const unpushed = [...(await findUnpushedAtRest(deps, box))];
  const now = deps.clock.now();
  const record: ArchiveRecord = {
    ...{ id: begun?.id ?? deps.host.newId(8), boxId: id, boxName: name, owner, spec: JSON.stringify(spec) },
    ...{ state: "writing", reason, createdAt: now, expiresAt: expiry(deps, now) },
    ...{ size: await homeSize(deps, box), contentSize: 0, entries: 0, sha256: "", unpushed },
  };
  const onDisk = store.stored().find((stored) => stored.id === record.id)?.size ?? 0;
  await makeRoom(deps, store, { ...record, onDisk });
  if (begun === undefined) deps.ledger.addArchive(record);
  else deps.ledger.updateArchive(record.id, record);
  try {
    // Others may have been entered since it was looked for room: now that all count, it is looked once more.
    checkRoom(deps, store, { ...record, onDisk });
  } catch (error) {
    deps.ledger.removeArchive(record.id);
    throw error;
  }
  return record;
}

async function written(deps: Deps, store: ArchiveStore, box: BoxRecord, record: ArchiveRecord): Promise<ArchiveRecord> {
  try {
    const content = await write(deps, store, box, record);
    const now = deps.clock.now();
    const { size, contentSize, entries, sha256 } = content;
    const whole: ArchiveRecord = {
      ...record,
      ...{ state: "complete", createdAt: now, expiresAt: expiry(deps, now), size, contentSize, entries, sha256 },
    };
    store.seal(whole, content);
    deps.ledger.updateArchive(whole.id, whole);
    return whole;
  } catch (error) {
    // What was written goes on counting as long as it may be gone on with; what cannot become whole goes at once.
    if (hasCode(error, "ARCHIVE_QUOTA", "HOST_DISK", "ARCHIVE_DAMAGED")) {
      store.remove(record.id);
      deps.ledger.removeArchive(record.id);
    }
    throw error;
  }
}

async function write(deps: Deps, store: ArchiveStore, box: BoxRecord, record: ArchiveRecord): Promise<ArchiveContent> {
  const check = (size: number) => {
    throwIfInterrupted(deps.interrupt);
    // What it has by now, which may be more than the home was thought to be.
    checkRoom(deps, store, { ...record, size, onDisk: size });
  };
  const onResumed = (size: number) => {
    deps.progress.remark(`goes on after ${formatSize(size)} that an interrupted command has archived`);
  };
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const content = await store.write(record.id, packedHome(deps, box), { check, onResumed });
    if (content !== undefined) return content;
  }
  throw new DevboxError("WRONG_STATE", `the home of ${box.name} is another one each time it is read.`, {
    why: "Something on the host writes to it.",
    next: ["devbox-ctl doctor"],
  });
}

function expiry({ config }: Pick<Deps, "config">, now: number): number | undefined {
  const { keep } = config.lifecycle.archive;
  return keep === null ? undefined : now + keep;
}

/** The error, with what became of the box. */
function andStopped({ name }: BoxRecord, error: unknown): unknown {
  if (!(error instanceof DevboxError)) return error;
  return new DevboxError(error.code, `${error.message.replace(/\.$/, "")}; ${name} is there, and stopped.`, {
    why: error.why,
    next: [...error.next, `Start it again: devbox-ctl start ${name}`],
    cause: error,
  });
}
