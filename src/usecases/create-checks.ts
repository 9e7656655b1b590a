import type { Config } from "../core/config/config.ts";
import { DevboxError } from "../core/errors.ts";
import { checkImageName } from "../core/image-name.ts";
import { objectNames } from "../core/labels.ts";
import { boxesAllowed, checkCpus, checkMemory, defaultCpus } from "../core/limits.ts";
import { homeInUse } from "../core/refusals.ts";
import { formatSize, sizeFlag } from "../core/size.ts";
import { SPEC_VERSION } from "../core/spec-text.ts";
import type { BoxSpec } from "../core/spec.ts";
import { quote } from "../core/text.ts";
import { ago } from "../core/time.ts";
import type { EngineVolume } from "../ports/engine.ts";
import { mayUse } from "./access.ts";
import type { CreateInput, CreateResult } from "./create.ts";
import type { Deps } from "./deps.ts";
import { whoHas } from "./owners.ts";
import { ownedVolumes } from "./volume-owners.ts";

/** The box that is asked for, as far as that can be said before anything is looked at. */
export function draft(deps: Deps, input: CreateInput, owner: string) {
  const { limits, engine, image } = deps.config;
  const cores = deps.host.cores();
  const id = deps.host.newId(8);
  const before = input.archive?.spec;
  const cpus = input.cpus ?? (before && String(before.cpus));
  const names = objectNames(engine.namespace, input.name, id);
  const spec: BoxSpec = {
    version: SPEC_VERSION,
    image: checkImageName(input.image ?? image),
    cpus: cpus === undefined ? defaultCpus(limits, cores) : checkCpus(cpus, limits, cores),
    memory: memoryOf(input, limits),
    pids: limits.pids,
    home: input.volume ?? names.home,
    private: names.private,
    idmap: null,
    services: before?.services ?? (input.syncthing ? ["syncthing"] : []),
    readOnly: input.readOnly ?? deps.config.isolation.readOnlyRoot,
  };
  const desired = input.start ? ("running" as const) : ("stopped" as const);
  return { id, name: input.name, owner, desired, spec, createdAt: deps.clock.now() };
}

/** Bytes that are asked for, that the box had before, or that boxes have. */
function memoryOf({ memory, archive }: CreateInput, limits: Config["limits"]): number {
  if (memory !== undefined) return checkMemory(memory, sizeFlag("--memory", memory), limits);
  if (archive === undefined) return limits.memory;
  return checkMemory(formatSize(archive.spec.memory), archive.spec.memory, limits);
}

/**
 * Tells who owns boxes already which ones, before another is made (user story 1.4).
 * @throws {DevboxError} NAME_TAKEN, NEEDS_CONFIRMATION
 */
export function checkOwned(deps: Deps, input: CreateInput, owner: string): void {
  const same = deps.ledger.boxByName(input.name);
  if (same && mayUse(deps.caller, same.owner)) {
    throw new DevboxError("NAME_TAKEN", `${whoHas(deps.caller, same.owner)} a box named ${quote(same.name)} already.`, {
      next: [
        `Start it: devbox-ctl start ${same.name}`,
        `Go into it: devbox-ctl ssh ${same.name}`,
        "Or choose another name",
      ],
    });
  }
  // A taken name is refused by the ledger; asking first whether one wants another box would be idle.
  const owned = deps.ledger.boxes().filter((box) => box.owner === owner);
  if (input.additional || owned.length === 0 || same) return;
  const now = deps.clock.now();
  const list = owned.map((box) => {
    const used = box.desired === "running" ? `used ${ago(box.lastUsedAt ?? box.createdAt, now)}` : "stopped";
    return `${box.name} (${used})`;
  });
  const first = owned[0]?.name ?? "NAME";
  const forOwner = owner === deps.caller.user ? "" : `--owner ${owner} `;
  const have = `${whoHas(deps.caller, owner)} ${owned.length === 1 ? "a box" : `${String(owned.length)} boxes`} already`;
  throw new DevboxError("NEEDS_CONFIRMATION", `${have}: ${list.join(", ")}.`, {
    next: [
      `Use it: devbox-ctl ssh ${first}`,
      `Create another one: devbox-ctl create ${input.name} ${forOwner}--additional`,
    ],
  });
}

/**
 * The home that is to be taken up. It has to be the new owner's: an administrator who may see everyone's must not put
 * one person's files into another's box.
 * @throws {DevboxError} VOLUME_NOT_FOUND or VOLUME_IN_USE
 */
export async function checkVolume(deps: Deps, name: string, owner: string): Promise<EngineVolume> {
  const volume = (await ownedVolumes(deps)).find((candidate) => candidate.name === name);
  if (volume?.identity.kind !== "home" || volume.identity.owner !== owner) {
    const listing =
      owner === deps.caller.user ? "See yours: devbox-ctl volume list" : `devbox-ctl volume list --owner ${owner}`;
    throw new DevboxError("VOLUME_NOT_FOUND", `${whoHas(deps.caller, owner)} no home volume named ${quote(name)}.`, {
      next: [listing],
    });
  }
  const user = deps.ledger.boxes().find((box) => box.spec.home === name);
  if (user) throw homeInUse(name, user.owner === owner ? user.name : undefined);
  return volume;
}

/** How many boxes the owner has, and the host. */
export function slotsOf(deps: Deps, owner: string): CreateResult["slots"] {
  const boxes = deps.ledger.boxes();
  return {
    used: boxes.filter((box) => box.owner === owner).length,
    allowed: boxesAllowed(deps.config, owner),
    onHost: boxes.length,
    global: deps.config.limits.global,
  };
}
