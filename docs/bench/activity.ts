/**
 * How long the activity probe takes inside a box, by a clock inside it, so that starting it by `podman exec` is not counted.
 * Usage: node docs/bench/activity.ts [--runs 50] [--out FILE]
 */
import { parseArgs } from "node:util";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { contractOptions, testImage } from "../../test/support/image.ts";
import { testName } from "../../test/support/ids.ts";
import { podmanOk } from "../../test/support/podman.ts";
import { onBench, say } from "./lib/bed.ts";
import { machineTable } from "./lib/machine.ts";
import { markdownTable, ms, publish } from "./lib/table.ts";

const { values } = parseArgs({ options: { runs: { type: "string", default: "50" }, out: { type: "string" } } });
const PROBE = manifest.programs.activity;

/** What a box is busy with while it is probed. */
interface Scene {
  readonly name: string;
  /** Options of `podman run` on top of the contract's. */
  readonly options?: readonly string[];
  /** Run as dev in the workspace, to its end. */
  readonly before?: string;
  /** Run as dev, and goes on. */
  readonly during?: string;
}

const sleepers = (count: number): string =>
  `perl -e 'for (1 .. ${count}) { fork or do { sleep 9000; exit } } sleep 9000'`;
const files = (folders: number): string =>
  `perl -e 'for $d (1 .. ${folders}) { mkdir $d; for (1 .. 500) { open F, ">", "$d/$_" } }'`;
const spin = `for i in 1 2 3 4; do (while :; do :; done) & done; wait`;

const SCENES: readonly Scene[] = [
  { name: "5 processes, empty workspace", during: sleepers(2) },
  { name: "100 processes", during: sleepers(97) },
  { name: "500 processes", options: ["--pids-limit=1000"], during: sleepers(497) },
  { name: "100,000 files", before: files(200) },
  { name: "500 processes, 100,000 files", options: ["--pids-limit=1000"], before: files(200), during: sleepers(497) },
  {
    name: "full home",
    options: ["--tmpfs=/home/dev:rw,size=1m,mode=0755"],
    before: "cat /dev/zero >big 2>/dev/null; :",
  },
  { name: "two busy loops, no limit", during: `for i in 1 2; do (while :; do :; done) & done; wait` },
  { name: "four busy loops, at its limit of 1 CPU", options: ["--cpus=1"], during: spin },
];

/** Wall milliseconds of runs one after the other, from fork to end, one a line, and CPU milliseconds of one. The number of the call is the architecture's. */
const TIMER = String.raw`use Config; $n = $Config{archname} =~ /^x86_64/ ? 228 : 113; $t = pack "q2", 0, 0;
sub now { syscall $n, 1, $t; ($s, $f) = unpack "q2", $t; $s * 1e3 + $f / 1e6 }
$runs = shift; for (1 .. $runs) { $a = now(); $o = qx{@ARGV}; printf "%.2f\n", now() - $a; $o =~ /^\{|^$/ or die $o; select undef, undef, undef, 0.02 }
@t = times; printf "%.2f\n", 1e3 * ($t[2] + $t[3]) / $runs`;

async function timed(box: string, command: string): Promise<{ sorted: number[]; cpu: number }> {
  const out = await podmanOk(["exec", box, "perl", "-e", TIMER, values.runs, command], { timeout: 300_000 });
  const times = out.split("\n").map(Number);
  const cpu = times.pop() ?? NaN;
  return { sorted: times.sort((a, b) => a - b), cpu };
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;

async function measure(scene: Scene, image: string): Promise<string[]> {
  const box = testName("bench");
  await podmanOk(["run", "--detach", "--name", box, ...contractOptions(), ...(scene.options ?? []), image]);
  try {
    await podmanOk(["exec", box, manifest.programs.ready, "--wait", "30"]);
    const session = ["--user", "dev", box, manifest.programs.session, "--", "sh", "-c"];
    if (scene.before !== undefined) await podmanOk(["exec", ...session, scene.before], { timeout: 120_000 });
    if (scene.during !== undefined) await podmanOk(["exec", "--detach", ...session, scene.during]);
    await podmanOk(["exec", box, "sleep", "2"]);
    const empty = await timed(box, "perl -e 1");
    const { sorted, cpu } = await timed(box, PROBE);
    say(`${scene.name}: ${ms(at(sorted, 0.5))} ms`);
    return [scene.name, ...[at(empty.sorted, 0.5), cpu, at(sorted, 0.5), at(sorted, 0.95), at(sorted, 1)].map(ms)];
  } finally {
    await podmanOk(["rm", "--force", "--time", "0", box]);
  }
}

const NOTES = `Milliseconds of wall time from fork to end, ${values.runs} runs each, taken by a clock in the box: starting a program by
\`podman exec\` is not counted (some 150 ms here). \`perl -e 1\` in the same box is what starting any program costs there,
and the CPU time (of all its processes, the mean) is what the probe takes however busy the machine is.
The target is a median under 50 ms. At a CPU limit a process that waits for its share waits up to 100 ms, whatever it does.
`;

await onBench(async (interrupt) => {
  const machine = await machineTable();
  const image = await testImage();
  const rows: string[][] = [];
  for (const scene of SCENES) {
    interrupt.throwIfAborted();
    rows.push(await measure(scene, image));
  }
  const table = markdownTable(["box", "perl -e 1, median", "probe, CPU", "probe, median", "p95", "max"], rows);
  const heading = "# The activity probe\n\nMade by `node docs/bench/activity.ts`; do not edit.";
  await publish([heading, machine, table, NOTES].join("\n\n"), "activity", values.out);
});
