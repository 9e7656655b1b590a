import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Config } from "../core/config/config.ts";
import { cacheDir } from "./paths.ts";

/** A configuration that was checked once: the very text, and what came of it. */
interface Kept {
  readonly program: string;
  readonly text: string;
  readonly config: Config;
}

const file = () => path.join(cacheDir(), "config.json");

/** Which build of the program checked it; another one may know other keys. */
function program(): string {
  const { size, mtimeMs } = statSync(import.meta.filename);
  return `${import.meta.filename}:${String(size)}:${String(mtimeMs)}`;
}

/**
 * What an earlier command made of the same text. Reading YAML and checking it takes some 30 ms, on every command;
 * comparing the text takes none. Anything unexpected means that there is nothing.
 */
export function keptConfig(text: string): Config | undefined {
  try {
    const kept = JSON.parse(readFileSync(file(), "utf8")) as Kept;
    return kept.text === text && kept.program === program() ? kept.config : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a checked configuration for the next command; where that cannot be done, it is checked again then. */
export function keepConfig(text: string, config: Config): void {
  try {
    mkdirSync(cacheDir(), { recursive: true, mode: 0o700 });
    const unfinished = `${file()}.${String(process.pid)}`;
    writeFileSync(unfinished, JSON.stringify({ program: program(), text, config } satisfies Kept), { mode: 0o600 });
    renameSync(unfinished, file());
  } catch {
    // A cache that cannot be written costs time, nothing else.
  }
}
