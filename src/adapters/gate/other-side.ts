import type { Boundary } from "../../core/gate/boundary-file.ts";
import { loadAcross } from "./images.ts";
import { crossAttached } from "./run.ts";
import { crossingTransfers } from "./transfers.ts";

/** What a caller's own process has done by the service account, through sudo. */
export function createOtherSide(boundary: Boundary) {
  return {
    transfers: crossingTransfers(boundary),
    /** Loads an archive that is read here. */
    loadImage: (file: string) => loadAcross(boundary, file),
    /** Has a command done with the caller's own streams. @returns its exit code */
    run: (words: readonly string[]) => crossAttached(boundary, words),
  };
}
