import { DevboxError } from "../../core/errors.ts";
import type { ArchiveRecord } from "../../core/lifecycle/records.ts";
import { checkName } from "../../core/name.ts";
import { formatSize } from "../../core/size.ts";
import { readSpec } from "../../core/spec.ts";
import { quote } from "../../core/text.ts";
import { create, type CreateInput, type CreateResult } from "../create.ts";
import type { Deps } from "../deps.ts";
import { engineFacts } from "../engine-facts.ts";
import { imageMissing } from "../images.ts";
import { recoverAbandoned } from "../recover.ts";
import { findArchive, newestArchive } from "./known.ts";

export interface RestoreInput extends Pick<CreateInput, "cpus" | "memory" | "image" | "start"> {
  /** Name of the box that was archived. */
  readonly name: string;
  /** Id of the archive; undefined: the newest of that name. */
  readonly from: string | undefined;
  /** What the new box is to be called; undefined: as it was. */
  readonly as: string | undefined;
}

export interface RestoreResult extends CreateResult {
  readonly archive: ArchiveRecord;
}

/**
 * Makes a new box with the home that is in an archive, of the size and image that the old one had unless they are given.
 * Whatever fails, or is killed, is taken back as with a create; the archive stays.
 * @throws {DevboxError} ARCHIVE_NOT_FOUND, ARCHIVE_DAMAGED, NEEDS_CONFIRMATION when archives of several people are meant,
 * USAGE, NAME_TAKEN and whatever else {@link create} throws
 */
export async function restore(deps: Deps, input: RestoreInput): Promise<RestoreResult> {
  checkName(input.name);
  if (input.as !== undefined) checkName(input.as);
  // A restore that was killed has the name as long as it is not taken back.
  await recoverAbandoned(deps);
  const archive = await chosen(deps, input);
  const name = input.as ?? archive.boxName;
  const taken = deps.ledger.boxByName(name);
  if (taken !== undefined) throw nameTaken(archive, name);
  const spec = readSpec(archive.spec);
  const image = input.image ?? spec.image;
  if (!(await deps.engine.imageExists(image))) throw noImage(deps, image, archive);
  await checkDisk(deps, archive);
  const result = await create(deps, {
    ...{ name, owner: archive.owner, image, start: input.start, volume: undefined, syncthing: false, additional: true },
    ...{ cpus: input.cpus, memory: input.memory, readOnly: spec.readOnly, archive: { id: archive.id, spec } },
  });
  return { ...result, archive };
}

async function chosen(deps: Deps, { name, from }: RestoreInput): Promise<ArchiveRecord> {
  if (from === undefined) return newestArchive(deps, name);
  const archive = await findArchive(deps, from);
  if (archive.boxName === name) return archive;
  throw new DevboxError("USAGE", `the archive ${archive.id} is of the box ${archive.boxName}, not of ${quote(name)}.`, {
    next: [`devbox-ctl restore ${archive.boxName} --from ${archive.id} --as ${name}`],
  });
}

function nameTaken({ boxName, id }: ArchiveRecord, name: string): DevboxError {
  return new DevboxError("NAME_TAKEN", `the name ${quote(name)} is taken on this host.`, {
    next: [`Choose another one: devbox-ctl restore ${boxName} --from ${id} --as ${name}-again`],
  });
}

function noImage(deps: Deps, image: string, { boxName, id }: ArchiveRecord): DevboxError {
  const { why, next } = imageMissing(deps, image);
  return new DevboxError("IMAGE_NOT_FOUND", `the image of ${boxName} is not here any more: ${quote(image)}.`, {
    why,
    next: [`Take another one: devbox-ctl restore ${boxName} --from ${id} --image ${deps.config.image}`, ...next],
  });
}

/** What the home takes is known, and its end would be met in the middle of it. */
async function checkDisk(deps: Deps, { contentSize }: ArchiveRecord): Promise<void> {
  const { disk } = deps.host.free((await engineFacts(deps)).storageDir);
  const { reserve } = deps.config.limits;
  if (disk === undefined || disk - contentSize >= reserve.disk) return;
  throw new DevboxError("HOST_DISK", "the host has too little disk left for this home.", {
    why: `It takes ${formatSize(contentSize)}; ${formatSize(disk)} are free where boxes are kept, and ${formatSize(reserve.disk)} must be left to the host.`,
    next: ["Destroy a box or remove a volume that you do not need: devbox-ctl volume list"],
  });
}
