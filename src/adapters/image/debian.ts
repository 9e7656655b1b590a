import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ImageBuilder, ImageRequest } from "../../ports/image-builder.ts";
import { parseEvent, parseParts } from "./parse.ts";
import { runScript } from "./run.ts";

export interface DebianBuilderOptions {
  /** Directory with the builder's scripts: containers/box/debian. */
  readonly scripts: string;
  /** Where parts are kept, by key. */
  readonly cache: string;
}

/** Builds the root file system from Debian packages, Go modules and npm packages. */
export function createDebianBuilder({ scripts, cache }: DebianBuilderOptions): ImageBuilder {
  const contentKey = async (request: ImageRequest) =>
    (await runScript(join(scripts, "content-key"), requestArguments(request))).trim();
  return {
    contentKey,
    build: async (request, { fresh, onEvent }) => {
      const key = await contentKey(request);
      mkdirSync(cache, { recursive: true, mode: 0o700 });
      const file = join(cache, `root-${key}.tar.${String(process.pid)}`);
      const args = ["--output", file, "--cache", cache, ...(fresh ? ["--fresh"] : []), ...requestArguments(request)];
      const said = await runScript(join(scripts, "build"), args, (line) => {
        onEvent(parseEvent(line));
      });
      dropOld(cache);
      const discard = () => {
        rmSync(file, { force: true });
      };
      return { file, key, parts: parseParts(said), discard };
    },
  };
}

function requestArguments({ minimal, without, zed }: ImageRequest): string[] {
  return [
    ...(minimal ? ["--minimal"] : []),
    ...without.flatMap((part) => ["--without", part]),
    ...(zed === undefined ? [] : ["--zed-server", zed.server, "--zed-sha256", zed.sha256]),
    ...(zed?.name === undefined ? [] : ["--zed-name", zed.name]),
  ];
}

/** Archives of one part that are worth keeping: those of the usual image, of the minimal one, and of what was tried last. */
const KEPT = 3;

/** Parts have up to a gigabyte; of each only the ones that were used last stay. Other names are not ours to remove. */
function dropOld(cache: string): void {
  const kinds = new Map<string, { path: string; used: number }[]>();
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    // What versions before 0.2 kept.
    if (/^(root|base)-[0-9a-f]{64}\.tar$/.test(name)) rmSync(path, { force: true });
    const kind = /^([a-z-]+)-(?:[0-9a-f]{64}\.tar|[0-9][0-9.]*\.tgz)$/.exec(name)?.[1];
    if (kind === undefined) continue;
    const used = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    kinds.set(kind, [...(kinds.get(kind) ?? []), { path, used }]);
  }
  for (const files of kinds.values()) {
    const newestFirst = files.toSorted((a, b) => b.used - a.used);
    for (const { path } of newestFirst.slice(KEPT)) rmSync(path, { force: true });
  }
}
