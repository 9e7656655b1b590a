/**
 * Measures a run of the reaper: over boxes that run, each of which is looked into, and over many that do not, which one
 * listing has to be enough for. Podman's processes are counted in a run of its own, by a program in its place that calls it.
 * Usage: node docs/bench/reap.ts [--runs 9] [--running 7] [--stopped 500] [--out FILE]
 */
import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { labelsOf, objectNames } from "../../src/core/labels.ts";
import { mappingAt } from "../../src/core/id-mapping.ts";
import { SPEC_VERSION } from "../../src/core/spec-text.ts";
import { onBench, removeNamespace, say } from "./lib/bed.ts";
import { boxesBed, fill, type BoxesBed } from "./lib/boxes-bed.ts";
import { machineTable } from "./lib/machine.ts";
import { compare, runQuietly, type Side, type Timing } from "./lib/measure.ts";
import { markdownTable, ms, publish } from "./lib/table.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "9" },
    running: { type: "string", default: "7" },
    stopped: { type: "string", default: "500" },
    out: { type: "string" },
  },
});

/** Containers that are made at the same time. */
const AT_ONCE = 4;

interface Row {
  readonly what: string;
  readonly timing: Timing;
  readonly podmans: number;
  /** Milliseconds. */
  readonly target?: number | undefined;
  readonly mostPodmans?: number | undefined;
}

/** Boxes that were never started: their containers, and their rows in the ledger. Homes are not needed to look at them. */
async function fillStopped(bed: BoxesBed, count: number, interrupt: AbortSignal): Promise<void> {
  const { ledger, clock, host, caller, config } = bed.deps;
  const { namespace } = config.engine;
  const { pids, memory } = config.limits;
  let made = 0;
  const one = async (i: number): Promise<void> => {
    const [id, name] = [host.newId(8), `stopped-${String(i)}`];
    const names = objectNames(namespace, name, id);
    const spec = {
      ...{ version: SPEC_VERSION, image: bed.image, cpus: 1, memory, pids, home: names.home, private: names.private },
      ...{ idmap: mappingAt(0, false), services: [], readOnly: false },
    } as const;
    const box = { id, name, owner: caller.user, createdAt: clock.now(), spec };
    const labels = Object.entries(labelsOf(namespace, "box", box)).flatMap(([key, value]) => [
      "--label",
      `${key}=${value}`,
    ]);
    const containerId = await output(
      ["podman", "create", "--name", names.container, ...labels, bed.image],
      bed.cli.env,
    );
    ledger.adopt({ ...box, desired: "stopped", containerId, lastUsedAt: undefined });
  };
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (made < count) {
        interrupt.throwIfAborted();
        await one((made += 1));
      }
    }),
  );
}

function output(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, { env, cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(said.trim());
      else reject(new Error(`${command}: exit ${String(code)}`));
    });
  });
}

/** How many processes of Podman a command starts. */
async function podmansOf(bed: BoxesBed, ...words: string[]): Promise<number> {
  const folder = path.join(bed.cli.home, "counting");
  const [shim, log] = [path.join(folder, "podman"), path.join(folder, "calls")];
  await mkdir(folder, { recursive: true });
  await writeFile(log, "");
  const real = await output(["sh", "-c", "command -v podman"], bed.cli.env);
  await writeFile(shim, `#!/bin/sh\necho "$1" >>'${log}'\nexec '${real}' "$@"\n`);
  await chmod(shim, 0o755);
  const program = bed.ours(...words);
  await runQuietly({ ...program, env: { ...program.env, PATH: `${folder}:${program.env.PATH ?? ""}` } });
  return (await readFile(log, "utf8")).split("\n").filter(Boolean).length;
}

async function measured(
  bed: BoxesBed,
  commands: readonly (Pick<Row, "what" | "target" | "mostPodmans"> & { readonly words: readonly string[] })[],
  interrupt: AbortSignal,
): Promise<Row[]> {
  const sides: Side[] = commands.map(({ what, words }) => ({ name: what, run: () => runQuietly(bed.ours(...words)) }));
  const times = await compare(sides, Number(values.runs), interrupt);
  const rows: Row[] = [];
  for (const { what, words, target, mostPodmans } of commands) {
    const timing = times.get(what);
    if (timing !== undefined) rows.push({ what, timing, target, mostPodmans, podmans: await podmansOf(bed, ...words) });
  }
  return rows;
}

function page(rows: readonly Row[], machine: string): string {
  const verdict = ({ timing, target, podmans, mostPodmans }: Row): string => {
    if (target === undefined && mostPodmans === undefined) return "-";
    const isMet = timing.median <= (target ?? Infinity) && podmans <= (mostPodmans ?? Infinity);
    const most = mostPodmans === undefined ? "" : `, ${String(mostPodmans)} podman`;
    return `< ${ms(target ?? Infinity)} ms${most}: ${isMet ? "met" : "**missed**"}`;
  };
  const heading = ["command", "median ms", "least", "most", "podman processes", "target"];
  const lines = rows.map((row) => {
    const { median, min, max } = row.timing;
    return [row.what, ms(median), ms(min), ms(max), String(row.podmans), verdict(row)];
  });
  return `# Reaper

Made by \`node docs/bench/reap.ts\`; do not edit. Whole commands from their start to their end, ${values.runs} times each, by turns.

${machine}

${markdownTable(heading, lines)}

Running boxes are looked into, each by one \`podman exec\` of the activity probe. Of stopped boxes the one listing says all;
their containers are real ones, with the labels of boxes. No box was due.
`;
}

await onBench(async (interrupt) => {
  const machine = await machineTable();
  const rows: Row[] = [];
  const one = await boxesBed();
  const other = await boxesBed();
  try {
    say(`making ${values.running} boxes that run …`);
    await fill(one, Number(values.running), true, interrupt);
    const running = `${values.running} running`;
    rows.push(
      ...(await measured(
        one,
        [
          { what: `reap, ${running}`, words: ["reap"], target: 2000 },
          { what: `reap --dry-run, ${running}`, words: ["reap", "--dry-run"] },
          {
            what: `reap --only schedules, ${running}`,
            words: ["reap", "--only", "schedules"],
            target: 1000,
            mostPodmans: 0,
          },
          { what: `metrics, ${running}`, words: ["metrics"] },
        ],
        interrupt,
      )),
    );
    say(`making ${values.stopped} boxes that do not …`);
    await fillStopped(other, Number(values.stopped), interrupt);
    const stopped = `${values.stopped} stopped`;
    rows.push(
      ...(await measured(
        other,
        [
          { what: `reap, ${stopped}`, words: ["reap"], target: 1500, mostPodmans: 3 },
          { what: `reap --dry-run, ${stopped}`, words: ["reap", "--dry-run"], target: 1500, mostPodmans: 3 },
        ],
        interrupt,
      )),
    );
  } finally {
    for (const bed of [one, other]) {
      await removeNamespace(bed.deps.config.engine.namespace);
      await bed.cli.remove();
    }
  }
  await publish(page(rows, machine), "reap", values.out);
});
