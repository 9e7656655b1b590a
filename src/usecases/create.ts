import type { BoxRecord } from "../core/box.ts";
import { DevboxError, hasCode, messageOf } from "../core/errors.ts";
import { checkName } from "../core/name.ts";
import type { BoxSpec } from "../core/spec.ts";
import type { SyncthingSetup } from "../core/syncthing.ts";
import type { UnenforcedLimit } from "../ports/engine.ts";
import { adoptLost } from "./adopt.ts";
import { checkOwned, checkVolume, draft, slotsOf } from "./create-checks.ts";
import type { Deps } from "./deps.ts";
import { engineFacts, unenforcedBy, unenforcedSentence } from "./engine-facts.ts";
import { imageMissing } from "./images.ts";
import { mappingFor } from "./id-mapping.ts";
import { newOperation, runSteps, SETTLE_LIMIT, throwIfInterrupted } from "./journal.ts";
import { leaseRequest } from "./lease.ts";
import { stepsOf, undoCreate } from "./operations.ts";
import { ownerOf } from "./owners.ts";
import { recoverAbandoned } from "./recover.ts";
import { releaseLeft } from "./tailnet/release.ts";
import { setUpSyncthing } from "./syncthing/switch.ts";

export interface CreateInput {
  readonly name: string;
  /** Whose it is to be, when an administrator makes it for somebody; undefined: the caller's. */
  readonly owner?: string | undefined;
  /** As given; checked here. */
  readonly cpus: string | undefined;
  readonly memory: string | undefined;
  readonly image: string | undefined;
  /** A home volume that exists, to be used instead of a new one. */
  readonly volume: string | undefined;
  readonly start: boolean;
  /** Run Syncthing in it, ready to pair. FR-037 */
  readonly syncthing: boolean;
  /** Undefined: as configured. */
  readonly readOnly: boolean | undefined;
  /** An archive that its home is filled with, and what the box was that it is from: the new one is, too, unless it is said otherwise. */
  readonly archive?: { readonly id: string; readonly spec: BoxSpec };
  /** The caller knows that they own boxes and wants one more. */
  readonly additional: boolean;
}

export interface CreateResult {
  readonly box: BoxRecord;
  /** The owner's boxes with this one, and the most they may have. */
  readonly slots: { readonly used: number; readonly allowed: number; readonly onHost: number; readonly global: number };
  readonly unenforced: readonly UnenforcedLimit[];
  /** Names of the services that are ready. */
  readonly ready: readonly string[];
  /** How Syncthing was set up, when it was asked for and the box was started. */
  readonly syncthing: SyncthingSetup | undefined;
}

/**
 * Creates a box and, unless told otherwise, starts it and waits until it can be used.
 * When anything fails, all that was begun is taken back.
 * @throws {DevboxError} INVALID_NAME, INVALID_SPEC, NAME_TAKEN, NEEDS_CONFIRMATION, the LIMIT_ and HOST_ codes,
 * VOLUME_NOT_FOUND, VOLUME_IN_USE, IMAGE_NOT_FOUND, the ENGINE_ codes, NOT_READY, INTERRUPTED, NOT_PERMITTED
 */
export async function create(deps: Deps, input: CreateInput): Promise<CreateResult> {
  checkName(input.name);
  const owner = ownerOf(deps, input.owner);
  const drafted = draft(deps, input, owner);
  await recoverAbandoned(deps);
  await adoptLost(deps);
  checkOwned(deps, input, owner);
  const facts = await engineFacts(deps);
  const home = input.volume === undefined ? undefined : await checkVolume(deps, input.volume, owner);
  const idmap = await mappingFor(deps, facts, { owner, home });
  const box = { ...drafted, spec: { ...drafted.spec, idmap } };

  const operation = newOperation(deps, "create", {
    ...{ keepHome: input.volume !== undefined, start: input.start },
    ...(input.archive === undefined ? {} : { archive: input.archive.id }),
  });
  deps.progress.begin("Slot taken");
  const slot = { free: () => deps.host.free(facts.storageDir), asker: deps.caller.user };
  deps.ledger.reserve(box, operation, leaseRequest(deps, `create ${box.name}`), slot);
  const slots = slotsOf(deps, owner);
  deps.progress.done(
    `${String(slots.used)} of ${String(slots.allowed)} ${owner === deps.caller.user ? "yours" : `of ${owner}'s`}, ${String(slots.onHost)} of ${String(slots.global)} on this host`,
  );

  let syncthing: SyncthingSetup | undefined;
  const ready: string[] = [];
  try {
    const entered = entry(deps, box.id);
    const journal = { id: operation.id, boxId: box.id, steps: [] };
    const notReady = await runSteps(deps, journal, stepsOf(deps, entered, operation, ready));
    // Also while the last step was waited for: whoever pressed Ctrl-C then was told that it stops.
    throwIfInterrupted(deps.interrupt);
    deps.ledger.finish(operation.id, box.id, { phase: "ready", lastUsed: { at: deps.clock.now(), by: "create" } });
    await releaseLeft(deps, { force: false });
    if (notReady) throw notReady;
    syncthing = input.syncthing && input.start ? await setUp(deps, box) : undefined;
  } catch (error) {
    // The box is there and can be used, which is what its user wants of it.
    if (hasCode(error, "SERVICE_NOT_READY")) throw error;
    throw await takeBack(deps, box.id, operation, error);
  } finally {
    deps.ledger.releaseLease(box.id, deps.host.self());
  }
  const unenforced = unenforcedBy(facts);
  const sentence = unenforcedSentence(unenforced, facts);
  if (sentence !== undefined) deps.progress.remark(sentence);
  return { box: entry(deps, box.id), slots, unenforced, ready, syncthing };
}

/** The box is there by now; Syncthing alone is not. @throws {DevboxError} SERVICE_NOT_READY */
async function setUp(deps: Deps, { id, name }: Pick<BoxRecord, "id" | "name">): Promise<SyncthingSetup> {
  try {
    return await setUpSyncthing(deps, { name, containerId: entry(deps, id).containerId ?? "" });
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    throw new DevboxError(
      "SERVICE_NOT_READY",
      `${name} is created and can be used, but Syncthing is not ready in it.`,
      {
        why: [error.message, error.why].filter(Boolean).join("\n"),
        next: [`Try again: devbox-ctl syncthing enable ${name}`, ...error.next],
        cause: error,
      },
    );
  }
}

function entry(deps: Deps, boxId: string): BoxRecord {
  const box = deps.ledger.boxById(boxId);
  if (box === undefined) throw new DevboxError("BOX_NOT_FOUND", "the box was removed while it was being created.");
  return box;
}

/** Undoes a failed create and returns the error to be thrown: the first one, or one that says what is left. */
async function takeBack(
  deps: Deps,
  boxId: string,
  operation: { readonly id: string; readonly input: { readonly keepHome?: boolean } },
  error: unknown,
): Promise<unknown> {
  const box = deps.ledger.boxById(boxId);
  if (box === undefined) return error;
  try {
    // A call that was given up may be worked on yet.
    await deps.engine.settled(SETTLE_LIMIT);
    await undoCreate(deps, box, operation);
  } catch (undoError) {
    deps.ledger.failOperation(operation.id, messageOf(undoError));
    return new DevboxError("PARTIAL", `creating ${box.name} failed, and not all of it could be taken back.`, {
      why: `${messageOf(error)}\n${messageOf(undoError)}`,
      next: ["devbox-ctl doctor --fix   (the next command tries again, too)"],
      cause: error,
    });
  }
  if (hasCode(error, "INTERRUPTED")) {
    return new DevboxError("INTERRUPTED", `creating ${box.name} was interrupted; what was begun is taken back.`, {
      why: error.why,
      next: [`Begin again: devbox-ctl create ${box.name}`],
    });
  }
  return hasCode(error, "IMAGE_NOT_FOUND") ? imageMissing(deps, box.spec.image, error.why) : error;
}
