import { DevboxError } from "../core/errors.ts";
import { type CopySide, copySide, homePath } from "../core/home-path.ts";
import type { CopyKind, LocalFiles } from "../ports/local-files.ts";
import { findBox, usableContainer } from "./access.ts";
import { copyFromBox } from "./copy/from-box.ts";
import { copyToBox } from "./copy/to-box.ts";
import type { Deps } from "./deps.ts";
import { throwUnlessRunning } from "./session.ts";

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

/** A side in a box, found and checked as far as that can be done from here. */
export interface BoxPlace {
  readonly name: string;
  readonly containerId: string;
  /** As the user typed it, for messages. */
  readonly typed: string;
  /** Absolute and below the home, with a slash at its end where the user typed one. */
  readonly path: string;
}

/**
 * Copies a file, a directory or a stream into a box or out of one, as `cp -r` does.
 * @throws {DevboxError} USAGE, BOX_NOT_FOUND, INVALID_PATH, NO_SUCH_FILE, NOT_PERMITTED, WRONG_STATE, CONTAINER_GONE,
 * HOST_DISK, ENGINE_FAILED, ENGINE_GARBAGE, ENGINE_MISSING, INTERRUPTED
 */
export async function copy(deps: CopyDeps, input: CopyInput): Promise<CopyResult> {
  const [from, to] = [copySide(input.from), copySide(input.to)];
  if (from.kind === "box" && to.kind === "box") throw bothBoxes(input);
  if (from.kind === "box" && to.kind !== "box") {
    return withBox(deps, from, async (place) => ({ ...input, ...(await copyFromBox(deps, place, to)) }));
  }
  if (to.kind === "box" && from.kind !== "box") {
    return withBox(deps, to, async (place) => ({ ...input, ...(await copyToBox(deps, from, place)) }));
  }
  throw noBox();
}

async function withBox<T>(deps: CopyDeps, side: BoxSide, act: (place: BoxPlace) => Promise<T>): Promise<T> {
  const box = findBox(deps, side.box);
  const normal = homePath(side.path);
  const path = /\/\.?$/.test(side.path) ? `${normal}/` : normal;
  const containerId = usableContainer(box);
  if (box.desired === "stopped") await throwUnlessRunning(deps, box.name, containerId);
  const used = () => {
    if (deps.ledger.boxById(box.id)) deps.ledger.update(box.id, { lastUsed: { at: deps.clock.now(), by: "cp" } });
  };
  used();
  try {
    return await act({ name: box.name, containerId, typed: side.path, path });
  } finally {
    used();
  }
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
