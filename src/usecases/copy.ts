import { DevboxError } from "../core/errors.ts";
import { type CopySide, copySide, homePath } from "../core/home-path.ts";
import { SSH_CONFIG_THERE } from "../core/ssh-config.ts";
import type { BoxPlace, BoxTransfers } from "../ports/box-transfers.ts";
import type { CopyKind, LocalFiles } from "../ports/local-files.ts";
import { copyFromBox } from "./copy/from-box.ts";
import { copyToBox } from "./copy/to-box.ts";
import { engineTransfers } from "./copy/transfers.ts";
import type { Deps } from "./deps.ts";

/** What a copy takes: the caller's files on one side, a box on the other. */
export interface CopyParts extends Pick<Deps, "progress" | "interrupt" | "clock"> {
  readonly host: Pick<Deps["host"], "newId">;
  readonly files: LocalFiles;
  readonly transfers: BoxTransfers;
}

export type CopyDeps = Deps & { readonly files: LocalFiles };

export interface CopyInput {
  /** `NAME:PATH`, a local path, or `-`. */
  readonly from: string;
  readonly to: string;
}

export interface CopyResult {
  readonly from: string;
  readonly to: string;
  readonly kind: CopyKind;
  /** A file's own bytes; for a directory those of its archive. */
  readonly bytes: number;
  /** What the user must know although nothing failed. */
  readonly remarks: readonly string[];
}

type BoxSide = Extract<CopySide, { kind: "box" }>;
/** The side that is not in a box. */
export type HereSide = Exclude<CopySide, { kind: "box" }>;

/**
 * Copies a file, a directory or a stream into a box of this machine or out of one, as `cp -r` does.
 * @throws {DevboxError} as {@link copyWith}
 */
export async function copy(deps: CopyDeps, input: CopyInput): Promise<CopyResult> {
  return copyWith({ ...deps, transfers: engineTransfers(deps) }, input);
}

/**
 * Copies a file, a directory or a stream into a box or out of one, wherever the box is.
 * @throws {DevboxError} USAGE, BOX_NOT_FOUND, INVALID_PATH, NO_SUCH_FILE, NOT_PERMITTED, WRONG_STATE, CONTAINER_GONE,
 * HOST_DISK, ENGINE_FAILED, ENGINE_GARBAGE, ENGINE_MISSING, INTERRUPTED
 */
export async function copyWith(deps: CopyParts, input: CopyInput): Promise<CopyResult> {
  const [from, to] = [copySide(input.from), copySide(input.to)];
  if (from.kind === "box" && to.kind === "box") throw bothBoxes(input);
  if (from.kind === "box" && to.kind !== "box") {
    return { ...input, ...(await copyFromBox(deps, placeOf(from), to)) };
  }
  if (to.kind === "box" && from.kind !== "box") {
    return { ...input, ...(await copyToBox(deps, from, placeOf(to))) };
  }
  throw noBox();
}

/**
 * Refuses a copy of the account's own files for somebody else.
 * @throws {DevboxError} NOT_PERMITTED
 */
export function refuseLocalPaths({ from, to }: CopyInput): void {
  if (copySide(from).kind !== "local" && copySide(to).kind !== "local") return;
  throw new DevboxError("NOT_PERMITTED", "your files are not on this side of the connection.", {
    why: "Only - (standard input or output) and paths in your boxes can be named here.",
    next: [
      "For a file: ssh HOST cp - NAME:PATH < FILE   and   ssh HOST cp NAME:PATH - > FILE",
      `For directories, scp, rsync and sftp: ${SSH_CONFIG_THERE}`,
    ],
  });
}

/** A side in a box, checked as far as that can be done from its text. */
export function placeOf({ box, path: typed }: Pick<BoxSide, "box" | "path">): BoxPlace {
  const normal = homePath(typed);
  return { name: box, typed, path: /\/\.?$/.test(typed) ? `${normal}/` : normal };
}

function bothBoxes({ from, to }: CopyInput): DevboxError {
  return new DevboxError("USAGE", "cp copies between this machine and a box, not from box to box.", {
    next: [
      `For a file: devbox-ctl cp ${from} - | devbox-ctl cp - ${to}`,
      "For a directory: copy it here first, then into the other box",
    ],
  });
}

function noBox(): DevboxError {
  return new DevboxError("USAGE", "one side of cp has to be in a box.", {
    why: "A side in a box is written NAME:PATH; a slash before the colon makes it a local path.",
    next: ["For example: devbox-ctl cp notes.txt api:workspace/"],
  });
}
