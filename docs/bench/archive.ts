/**
 * What putting a home away costs, and bringing it back: time, speed and memory, of a large home and of one of many files.
 * Usage: node docs/bench/archive.ts [--gigabytes N] [--files N] [--out FILE]
 */
import { parseArgs } from "node:util";
import { testCli, type TestCli } from "../../test/support/cli.ts";
import { testName } from "../../test/support/ids.ts";
import { testImage } from "../../test/support/image.ts";
import { onBench, say } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { runQuietly } from "./lib/measure.ts";
import { peakMemory } from "./lib/memory.ts";
import { markdownTable, publish } from "./lib/table.ts";

const { values } = parseArgs({
  options: {
    gigabytes: { type: "string", default: "5" },
    files: { type: "string", default: "100000" },
    out: { type: "string" },
  },
});

const BOX = "bench";

/** Of a home of some gigabytes two thirds cannot be packed, as with images, models and packages that are packed already. */
const LARGE = `
third=$((${values.gigabytes} * 1000000000 / 3))
head -c $third /dev/urandom > packed-1
head -c $third /dev/urandom > packed-2
head -c $((third * 3 / 4)) /dev/urandom | base64 -w 0 > text`;

/** Small texts in a thousand directories. */
const MANY = `
seq 1000 | xargs -I{} mkdir -p node_modules/package-{}
perl -e 'for my $n (0 .. ${values.files} - 1) {
  open my $f, ">", sprintf("node_modules/package-%d/file-%d.js", $n % 1000 + 1, $n) or die;
  print $f "export const value$_ = " . int(rand(1e9)) . ";\\n" for 1 .. 20 + rand 60;
}'`;

interface Figures {
  readonly what: string;
  readonly content: number;
  readonly size: number;
  readonly archive: number;
  readonly verify: number;
  readonly restore: number;
  /** MB, of the program's own process. */
  readonly peaks: readonly number[];
}

/** Seconds that a command takes, and its peak memory. */
async function measured(cli: TestCli, ...args: string[]): Promise<{ seconds: number; peak: number }> {
  const began = performance.now();
  const { own } = await peakMemory({ argv: [...cli.argv, ...args], env: cli.env });
  return { seconds: (performance.now() - began) / 1000, peak: own };
}

async function measure(cli: TestCli, what: string, fill: string): Promise<Figures> {
  const run = (...args: string[]): Promise<void> => runQuietly({ argv: [...cli.argv, ...args], env: cli.env });
  say(what);
  await run("create", BOX, "--yes");
  await run("exec", BOX, "--", "sh", "-ec", fill);
  await run("stop", BOX);
  const archive = await measured(cli, "destroy", BOX, "--archive", "--yes");
  const verify = await measured(cli, "archive", "verify", "--all");
  const restore = await measured(cli, "restore", BOX, "--no-start");
  interface Listed {
    readonly archives: readonly { readonly id: string; readonly sizeBytes: number; readonly contentBytes: number }[];
  }
  const [made] = ((await cli.json(["archive", "list"])) as Listed).archives;
  if (made === undefined) throw new Error("there is no archive");
  await run("destroy", BOX, "--yes");
  await run("archive", "remove", made.id, "--yes");
  const peaks = [archive, verify, restore].map(({ peak }) => peak);
  const [seconds, verifying, restoring] = [archive.seconds, verify.seconds, restore.seconds];
  return {
    ...{ what, content: made.contentBytes, size: made.sizeBytes, peaks },
    ...{ archive: seconds, verify: verifying, restore: restoring },
  };
}

await onBench(async (interrupt) => {
  const image = await testImage();
  const reserve = { memory: "64MiB", disk: "64MiB" };
  const namespace = testName("archive");
  const cli = await testCli({ config: { image, engine: { namespace }, limits: { reserve, memory: "1GiB" } } });
  const table = await machineTable();
  try {
    const homes: (readonly [string, string])[] = [
      [`${values.gigabytes} GB, two thirds of it random`, LARGE],
      [`${values.files} small files`, MANY],
    ];
    const rows: string[][] = [];
    for (const [what, fill] of homes) {
      interrupt.throwIfAborted();
      const { content, size, archive, verify, restore, peaks } = await measure(cli, what, fill);
      const speed = (seconds: number): string =>
        `${seconds.toFixed(1)} s (${(content / 1e6 / seconds).toFixed(0)} MB/s)`;
      rows.push([
        ...[what, `${(content / 1e9).toFixed(2)} GB`, `${(size / 1e9).toFixed(2)} GB`],
        ...[speed(archive), speed(verify), speed(restore), `${Math.max(...peaks).toFixed(0)} MB`],
      ]);
    }
    const heading = [
      "home",
      "content",
      "archive",
      "destroy --archive",
      "archive verify",
      "restore --no-start",
      "peak memory",
    ];
    const notes =
      "One run each, by the program from outside, of a box that is stopped. `destroy --archive` measures the home, reads it, packs it, reads the archive once more and removes the box. Peak memory is the largest of the three commands' own (ru_maxrss of the program's process); the target is 150 MB.";
    const title = ["# Archives", "Made by `node docs/bench/archive.ts`; do not edit."];
    await publish(`${[...title, table, markdownTable(heading, rows), notes].join("\n\n")}\n`, "archive", values.out);
  } finally {
    await cli.remove();
  }
});
