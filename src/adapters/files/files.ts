import type { LocalFiles } from "../../ports/local-files.ts";
import { fileTarget, standardOutput } from "./file-target.ts";
import { locate } from "./locate.ts";
import { openSource, standardInput } from "./source.ts";
import { treeTarget } from "./tree-target.ts";

/** The files of the account this runs as, and GNU tar for directories. */
export function createLocalFiles(): LocalFiles {
  return {
    source: openSource,
    standardInput,
    standardOutput,
    target: async (path, incoming) => {
      const place = await locate(path, incoming);
      return incoming.kind === "file" ? fileTarget(place, incoming.mode) : treeTarget(place, incoming.mode);
    },
  };
}
