/**
 * Measures how long decisions take for many simulated boxes.
 * Usage: node docs/bench/decisions.ts [--boxes 100000] [--runs 20] [--out FILE]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { decide } from "../../src/core/lifecycle/decide.ts";
import type { BoxFacts } from "../../src/core/lifecycle/facts.ts";
import { DAY, HOUR } from "../../src/core/time.ts";
import { idleBox, notice, NOW, POLICY, stoppedBox } from "../../test/core/lifecycle/facts.ts";
import { Random } from "../../test/simulation/random.ts";
import { machineTable } from "./lib/machine.ts";
import { medianOf } from "./lib/measure.ts";
import { markdownTable, ms, publish } from "./lib/table.ts";

const { values } = parseArgs({
  options: {
    boxes: { type: "string", default: "100000" },
    runs: { type: "string", default: "20" },
    out: { type: "string" },
  },
});

/** Boxes in all stages of their lives: used, idle, told, held, by schedule, stopped, with notices of earlier spans. */
function anyBox(random: Random): BoxFacts {
  const since = NOW - random.between(0, 20 * 24) * HOUR;
  const isRunning = random.chance(0.6);
  const kind = isRunning ? "stop" : "destroy";
  const notices = Array.from({ length: random.between(0, 4) }, (_, i) =>
    notice(kind, i === 0 ? since : since - i * DAY, NOW - random.between(0, 72) * HOUR),
  );
  const change: Partial<BoxFacts> = {
    notices,
    hold: random.chance(0.1) ? { until: NOW + random.between(-24, 24) * HOUR, by: "alice", reason: "" } : undefined,
    inUse: random.chance(0.1) ? "the agent claude is at work" : undefined,
    observation: isRunning ? (random.chance(0.05) ? "failed" : "fresh") : "none",
    schedule: random.chance(0.2)
      ? { due: { action: "stop", at: NOW - HOUR }, nextStart: NOW + 8 * HOUR, nextStop: NOW + 20 * HOUR }
      : undefined,
  };
  return isRunning
    ? idleBox({ ...change, lastActivity: { at: since, by: "ssh" } })
    : stoppedBox({ ...change, stoppedAt: since });
}

const machine = await machineTable();
const random = new Random(6);
const boxes = Array.from({ length: Number(values.boxes) }, () => anyBox(random));
const found = new Map<string, number>();
const computed: number[] = [];
const times = Array.from({ length: Number(values.runs) }, () => {
  found.clear();
  const begin = performance.now();
  const cpu = process.cpuUsage();
  for (const box of boxes) {
    const { action, reason } = decide(box, POLICY, NOW);
    const key = `${action}: ${reason}`;
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  const { user, system } = process.cpuUsage(cpu);
  computed.push((user + system) / 1000);
  return performance.now() - begin;
});
const [first = Number.NaN] = times;
await publish(
  `# Decisions

Made by \`node docs/bench/decisions.ts\`; do not edit.

${machine}

${String(boxes.length)} boxes in all stages of their lives, ${String(times.length)} times; target: under 1 s.

${markdownTable(
  ["milliseconds", ""],
  [
    ["median", ms(medianOf(times))],
    ["first run, before anything is warm", ms(first)],
    ["slowest", ms(Math.max(...times))],
    ["CPU time, median", ms(medianOf(computed))],
    ["CPU time, most", ms(Math.max(...computed))],
  ],
)}

${markdownTable(
  ["decision", "boxes"],
  [...found].sort(([a], [b]) => a.localeCompare(b)).map(([key, n]) => [key, String(n)]),
)}
`,
  "decisions",
  values.out,
);
