import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runQuietly, type Program } from "./measure.ts";

const GNU_TIME = "/usr/bin/time";
const HOOK = path.join(import.meta.dirname, "report-peak.mjs");

/** Peak resident memory, MB (10^6 bytes). */
export interface PeakMemory {
  /** Of the program's own process. */
  readonly own: number;
  /** Of the largest process among it and those it started and waited for; undefined without GNU time. */
  readonly largest: number | undefined;
}

/** Runs the program once and asks the kernel (ru_maxrss) how much memory it had at most. */
export async function peakMemory({ argv, env, cwd = "/" }: Program): Promise<PeakMemory> {
  const folder = await mkdtemp(path.join(tmpdir(), "dbxtest-peak-"));
  try {
    const [own, all] = [path.join(folder, "own"), path.join(folder, "all")];
    const hooked = { ...env, NODE_OPTIONS: `--import=${HOOK}`, BENCH_PEAK_FILE: own };
    const timed = existsSync(GNU_TIME) ? [GNU_TIME, "--format=%M", `--output=${all}`, ...argv] : argv;
    await runQuietly({ argv: timed, env: hooked, cwd });
    const kib = async (file: string): Promise<number> => Number(await readFile(file, "utf8"));
    const mb = (amount: number): number => (amount * 1024) / 1e6;
    return { own: mb(await kib(own)), largest: timed === argv ? undefined : mb(await kib(all)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
