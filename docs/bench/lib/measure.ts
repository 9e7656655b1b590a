import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds. */
export interface Timing {
  readonly runs: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One of the things that are compared: called once a round, between the others. */
export interface Side {
  readonly name: string;
  /** Not timed. */
  readonly before?: () => Promise<void>;
  readonly run: () => Promise<void>;
  /** Not timed. */
  readonly after?: () => Promise<void>;
}

export interface Program {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The middle of the values, the mean of the two middle ones when their number is even. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (upper + lower) / 2;
}

const timingOf = (values: readonly number[]): Timing => ({
  runs: values.length,
  median: medianOf(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/**
 * Runs a program to its end, with its output thrown away. Spawned without a library, so that the
 * clock sees as little as possible of the one who measures.
 * @throws when it does not exit with 0, with what it said on standard error
 */
export async function runQuietly({ argv, env, cwd = "/" }: Program): Promise<void> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { env, cwd, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-4000);
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.on("error", reject);
  child.on("exit", (code, signal) => {
    resolve(signal ?? String(code));
  });
  const end = await promise;
  if (end !== "0") throw new Error(`${argv.slice(0, 4).join(" ")} …: ended with ${end}\n${said}`);
}

/**
 * Waits until no podman command runs. Podman cleans up after an exec or a stop in a process that outlives
 * the command; the next measurement must not pay for it. Gives up after a second on a busy machine.
 */
async function podmanIsIdle(): Promise<void> {
  for (let waited = 0; waited < 1000; waited += 10) {
    if (!readdirSync("/proc").some((entry) => /^\d+$/.test(entry) && commandOf(entry) === "podman")) return;
    await sleep(10);
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

async function once(side: Side): Promise<number> {
  await side.before?.();
  await podmanIsIdle();
  const start = performance.now();
  await side.run();
  const took = performance.now() - start;
  await side.after?.();
  return took;
}

/**
 * Times all sides round by round, so that a machine that becomes slower does so for all of them. Each round
 * begins with another side, so that none always follows the same one. The first round warms up and does not count.
 */
export async function compare(
  sides: readonly Side[],
  runs: number,
  interrupt: AbortSignal,
): Promise<ReadonlyMap<string, Timing>> {
  const times = new Map(sides.map((side) => [side.name, [] as number[]]));
  for (let round = 0; round <= runs; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      interrupt.throwIfAborted();
      const side = sides[(round + turn) % sides.length];
      if (side === undefined) continue;
      const took = await once(side);
      if (round > 0) times.get(side.name)?.push(took);
    }
  }
  return new Map([...times].map(([name, values]) => [name, timingOf(values)]));
}
