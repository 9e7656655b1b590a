/**
 * Plays a year of many hosts with the decisions that the reaper takes, and says whether any was wrong by true time.
 * Usage: node docs/bench/simulation.ts [--seeds 1000] [--real 15] [--out FILE]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { HOUR } from "../../src/core/time.ts";
import { RealWorld } from "../../test/simulation/real.ts";
import { playYears, type Summary } from "../../test/simulation/summary.ts";
import { machineTable } from "./lib/machine.ts";
import { markdownTable, publish } from "./lib/table.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    real: { type: "string", default: "15" },
    out: { type: "string" },
  },
});

const WORDS: Readonly<Record<string, string>> = {
  runs: "runs of the reaper",
  kills: "of them killed between two steps",
  boots: "boots of the host, after hours or weeks off",
  jumps: "clocks set: back an hour, ahead a day, days back at a boot and forward again",
  moved: "times that the ledger's moments were moved for it",
  outages: "times that the reaper did not run, for hours or weeks",
  probesFailed: "looks at a box that failed",
  noticesFailed: "deliveries that failed",
  archivesFailed: "archives that failed",
  visits: "times that somebody came to use a box",
  stops: "boxes stopped for want of use",
  scheduled: "boxes stopped by their schedule",
  destroys: "boxes destroyed",
};

/** What a month of the reaper's own code came to, for some seeds. */
interface Real {
  readonly seeds: number;
  readonly wrong: string[];
  readonly counts: Map<string, number>;
}

async function playReal(seeds: number): Promise<Real> {
  const real: Real = { seeds, wrong: [], counts: new Map() };
  for (let seed = 1; seed <= seeds; seed++) {
    using played = new RealWorld(seed);
    await played.play(14);
    real.wrong.push(...[...played.violations, ...played.left()].map((text) => `seed ${String(seed)}: ${text}`));
    for (const [key, value] of Object.entries(played.counts)) real.counts.set(key, (real.counts.get(key) ?? 0) + value);
  }
  return real;
}

const realPage = ({ seeds, wrong, counts }: Real): string => `
## The reaper itself

The same with the reaper's own code (\`reap\`, \`resume\`, \`start\`) on a real ledger with real archives, short spans and four boxes: ${String(seeds)} times a
fortnight, then calm. Half of the runs are killed before or after one of their calls of ledger, engine or channel. In the
end every box has to be gone, with an archive and without an open operation, a container or a volume: ${String(wrong.length)} found otherwise.

${markdownTable(
  ["what happened", "times"],
  [...counts].map(([key, n]) => [key, String(n)]),
)}
${wrong.map((line) => `\n- ${line}`).join("")}`;

function page(machine: string, summary: Summary, seconds: number): string {
  const { seeds, violations, left, late, counts, decisions } = summary;
  const hours = late.map((span) => span / HOUR).sort((a, b) => a - b);
  const at = (part: number): string => (hours[Math.floor((hours.length - 1) * part)] ?? Number.NaN).toFixed(0);
  const happened = Object.entries(WORDS).map(([key, words]) => [words, String(counts.get(key) ?? 0)]);
  const decided = [...decisions].sort(([a], [b]) => a.localeCompare(b)).map(([key, n]) => [key, String(n)]);
  return `# A year of the reaper

Made by \`node docs/bench/simulation.ts\`; do not edit.

${machine}

${String(seeds)} years of a host with six boxes each, in ${seconds.toFixed(0)} s: people who come daily, now and then, or never again; schedules,
holds, policies of several lengths; a run of the reaper every hour, as \`decide\` and the moving of times have it. What
happens is random, what is wrong is judged by true time, which no part of the reaper knows.

${markdownTable(
  ["what must not be", "found"],
  [
    [
      "stopped or destroyed without a notice that was delivered since, or before its time was over",
      String(violations.length),
    ],
    ["boxes that nobody used for 200 days, and that are still there", String(left.length)],
  ],
)}

The first line also counts boxes that were stopped while somebody worked in them or they were held, before their policy's
span was over, by their schedule within a quarter of an hour after use, and those that were destroyed without an archive.

A box is gone later than its policy says when the host or the reaper was off meanwhile (such time does not count), a notice
or an archive failed, or it was kept longer for want of knowledge. ${String(hours.length)} boxes: hours later in the median ${at(0.5)}, in 90 of 100
cases ${at(0.9)}, at most ${at(1)}.

${markdownTable(["what happened", "times"], happened)}

${markdownTable(["decision", "times"], decided)}
${[...violations, ...left].map((line) => `\n- ${line}`).join("")}`;
}

const machine = await machineTable();
const begin = performance.now();
const summary = playYears(1, Number(values.seeds));
const seconds = (performance.now() - begin) / 1000;
const real = await playReal(Number(values.real));
await publish(`${page(machine, summary, seconds)}${realPage(real)}`, "simulation", values.out);
if (summary.violations.length + summary.left.length + real.wrong.length > 0) process.exitCode = 1;
