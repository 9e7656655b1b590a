import type { BoxRecord } from "../core/box.ts";
import { DevboxError, hasCode, messageOf } from "../core/errors.ts";
import { objectNames } from "../core/labels.ts";
import { boxesAllowed, checkCpus, checkMemory, defaultCpus } from "../core/limits.ts";
import { checkName } from "../core/name.ts";
import { homeInUse } from "../core/refusals.ts";
import { sizeFlag } from "../core/size.ts";
import { SPEC_VERSION } from "../core/spec-text.ts";
import type { BoxSpec } from "../core/spec.ts";
import type { SyncthingSetup } from "../core/syncthing.ts";
import { quote } from "../core/text.ts";
import { ago } from "../core/time.ts";
import type { EngineVolume, UnenforcedLimit } from "../ports/engine.ts";
import { mayUse, visibleBoxes } from "./access.ts";
import { adoptLost } from "./adopt.ts";
import type { Deps } from "./deps.ts";
import { engineFacts, unenforcedBy, unenforcedSentence } from "./engine-facts.ts";
import { imageMissing } from "./images.ts";
import { mappingFor } from "./id-mapping.ts";
import { newOperation, runSteps, throwIfInterrupted } from "./journal.ts";
import { leaseRequest } from "./lease.ts";
import { stepsOf, undoCreate } from "./operations.ts";
import { recoverAbandoned } from "./recover.ts";
import { releaseLeft } from "./tailnet/release.ts";
import { setUpSyncthing } from "./syncthing/switch.ts";

export interface CreateInput {
  readonly name: string;
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
  /** The caller knows that they own boxes and wants one more. */
  readonly additional: boolean;
}

export interface CreateResult {
  readonly box: BoxRecord;
  /** The caller's boxes with this one, and the most they may have. */
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
 * VOLUME_NOT_FOUND, VOLUME_IN_USE, IMAGE_NOT_FOUND, the ENGINE_ codes, NOT_READY, INTERRUPTED
 */
export async function create(deps: Deps, input: CreateInput): Promise<CreateResult> {
  checkName(input.name);
  const drafted = draft(deps, input);
  await recoverAbandoned(deps);
  await adoptLost(deps);
  checkOwned(deps, input);
  const facts = await engineFacts(deps);
  const home = input.volume === undefined ? undefined : await checkVolume(deps, input.volume);
  const idmap = await mappingFor(deps, facts, home);
  const box = { ...drafted, spec: { ...drafted.spec, idmap } };

  const operation = newOperation(deps, "create", { keepHome: input.volume !== undefined, start: input.start });
  deps.progress.begin("Slot taken");
  const slot = { free: () => deps.host.free(facts.storageDir) };
  deps.ledger.reserve(box, operation, leaseRequest(deps, `create ${box.name}`), slot);
  const slots = slotsOf(deps);
  deps.progress.done(
    `${String(slots.used)} of ${String(slots.allowed)} yours, ${String(slots.onHost)} of ${String(slots.global)} on this host`,
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

function draft(deps: Deps, input: CreateInput) {
  const { limits, engine, image } = deps.config;
  const cores = deps.host.cores();
  const id = deps.host.newId(8);
  const names = objectNames(engine.namespace, input.name, id);
  const spec: BoxSpec = {
    version: SPEC_VERSION,
    image: input.image ?? image,
    cpus: input.cpus === undefined ? defaultCpus(limits, cores) : checkCpus(input.cpus, limits, cores),
    memory:
      input.memory === undefined
        ? limits.memory
        : checkMemory(input.memory, sizeFlag("--memory", input.memory), limits),
    pids: limits.pids,
    home: input.volume ?? names.home,
    private: names.private,
    idmap: null,
    services: input.syncthing ? ["syncthing"] : [],
    readOnly: input.readOnly ?? deps.config.isolation.readOnlyRoot,
  };
  const desired = input.start ? ("running" as const) : ("stopped" as const);
  return { id, name: input.name, owner: deps.caller.user, desired, spec, createdAt: deps.clock.now() };
}

/** Tells who owns boxes already which ones, before another is made (user story 1.4). */
function checkOwned(deps: Deps, input: CreateInput): void {
  const same = deps.ledger.boxByName(input.name);
  if (same && mayUse(deps.caller, same.owner)) {
    throw new DevboxError("NAME_TAKEN", `you have a box named ${quote(same.name)} already.`, {
      next: [
        `Start it: devbox-ctl start ${same.name}`,
        `Go into it: devbox-ctl ssh ${same.name}`,
        "Or choose another name",
      ],
    });
  }
  // A taken name is refused by the ledger; asking first whether one wants another box would be idle.
  const owned = visibleBoxes(deps).filter((box) => box.owner === deps.caller.user);
  if (input.additional || owned.length === 0 || same) return;
  const now = deps.clock.now();
  const list = owned.map((box) => {
    const used = box.desired === "running" ? `used ${ago(box.lastUsedAt ?? box.createdAt, now)}` : "stopped";
    return `${box.name} (${used})`;
  });
  const first = owned[0]?.name ?? "NAME";
  throw new DevboxError(
    "NEEDS_CONFIRMATION",
    `you have ${owned.length === 1 ? "a box" : `${String(owned.length)} boxes`} already: ${list.join(", ")}.`,
    { next: [`Use it: devbox-ctl ssh ${first}`, `Create another one: devbox-ctl create ${input.name} --additional`] },
  );
}

/** @throws {DevboxError} VOLUME_NOT_FOUND or VOLUME_IN_USE */
async function checkVolume(deps: Deps, name: string): Promise<EngineVolume> {
  const volume = (await deps.engine.volumes()).find((candidate) => candidate.name === name);
  if (volume?.identity.kind !== "home" || !mayUse(deps.caller, volume.identity.owner)) {
    throw new DevboxError("VOLUME_NOT_FOUND", `you have no home volume named ${quote(name)}.`, {
      next: ["See yours: devbox-ctl volume list"],
    });
  }
  const user = deps.ledger.boxes().find((box) => box.spec.home === name);
  if (user) throw homeInUse(name, user.name);
  return volume;
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

function slotsOf(deps: Deps): CreateResult["slots"] {
  const boxes = deps.ledger.boxes();
  return {
    used: boxes.filter((box) => box.owner === deps.caller.user).length,
    allowed: boxesAllowed(deps.config, deps.caller.user),
    onHost: boxes.length,
    global: deps.config.limits.global,
  };
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
  return hasCode(error, "IMAGE_NOT_FOUND") ? imageMissing(box.spec.image, error.why) : error;
}
