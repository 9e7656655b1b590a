import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ImageBuilder } from "../../ports/image-builder.ts";
import { runScript } from "./run.ts";

export interface DebianBuilderOptions {
  /** Directory with the builder's scripts: containers/box/debian. */
  readonly scripts: string;
  /** Where root file systems are kept, by key. */
  readonly cache: string;
}

/** Builds the root file system from Debian packages with mmdebstrap. */
export function createDebianBuilder({ scripts, cache }: DebianBuilderOptions): ImageBuilder {
  const key = async (...args: string[]) => (await runScript(join(scripts, "content-key"), args)).trim();
  return {
    contentKey: () => key(),
    build: async ({ fresh, onPhase }) => {
      const [whole, base] = [await key(), await key("--base")];
      const file = join(cache, `root-${whole}.tar`);
      if (existsSync(file) && !fresh) return { file, key: whole, built: false };
      mkdirSync(cache, { recursive: true, mode: 0o700 });
      const baseFile = join(cache, `base-${base}.tar`);
      if (fresh) rmSync(baseFile, { force: true });
      // Built aside and renamed, so that a killed build is never taken for a whole one.
      const unfinished = `${file}.${String(process.pid)}`;
      try {
        await runScript(join(scripts, "build"), ["--output", unfinished, "--base", baseFile], onPhase);
        renameSync(unfinished, file);
      } finally {
        rmSync(unfinished, { force: true });
      }
      dropOthers(cache, [file, baseFile]);
      return { file, key: whole, built: true };
    },
  };
}

/** A root file system has some 200 MB; only the newest is worth keeping. */
function dropOthers(cache: string, keep: readonly string[]): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (/^(root|base)-[0-9a-f]{64}\.tar$/.test(name) && !keep.includes(path)) rmSync(path, { force: true });
  }
}
