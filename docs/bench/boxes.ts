/**
 * Measures devbox-ctl against the same calls of Podman without it, and against devcontainers/cli, in one run.
 * Usage: node docs/bench/boxes.ts [--runs 15] [--slow-runs 9] [--boxes 7,200] [--out FILE]
 */
import { parseArgs } from "node:util";
import { onBench, removeNamespace, say } from "./lib/bed.ts";
import { boxesBed, devcontainer, fill, type BoxesBed } from "./lib/boxes-bed.ts";
import { machineTable } from "./lib/machine.ts";
import { compare, runQuietly, type Side, type Timing } from "./lib/measure.ts";
import { peakMemory } from "./lib/memory.ts";
import { markdownTable, ms, publish } from "./lib/table.ts";

/** Boxes that run while it is measured; all others are created and not started. */
const RUNNING = 7;
/** MB (10^6 bytes). */
const MEMORY_LIMIT = 110;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "15" },
    "slow-runs": { type: "string", default: "9" },
    boxes: { type: "string", default: "7,200" },
    out: { type: "string" },
  },
});

/** One line of the table: a side, and the side it is measured against. */
interface Comparison {
  readonly what: string;
  readonly against: string;
  /** How many times the other side it may take. */
  readonly target?: number | undefined;
}

interface Experiment {
  readonly sides: readonly Side[];
  readonly runs: number;
  readonly comparisons: readonly Comparison[];
}

/** A list of 200 has more of Podman's own work in it, so the same overhead is a smaller share. */
const listTarget = (boxes: number): number => (boxes >= 200 ? 1.8 : 2.5);

function listExperiment(bed: BoxesBed, boxes: number, runs: number): Experiment {
  const ours = { name: "list --json", run: () => runQuietly(bed.ours("list", "--json")) };
  const argv = ["podman", "ps", "-a", "--format", "json"];
  const raw = { name: "podman ps -a --format json", run: () => runQuietly({ argv, env: bed.cli.env }) };
  const comparisons = [{ what: ours.name, against: raw.name, target: listTarget(boxes) }];
  return { sides: [ours, raw], runs, comparisons };
}

function execExperiment(bed: BoxesBed, runs: number): Experiment {
  const [box] = bed.deps.ledger.boxes();
  const ours = { name: "exec NAME -- true", run: () => runQuietly(bed.ours("exec", box?.name ?? "", "--", "true")) };
  const argv = ["podman", "exec", box?.containerId ?? "", "true"];
  const raw = { name: "podman exec ID true", run: () => runQuietly({ argv, env: bed.cli.env }) };
  return { sides: [ours, raw], runs, comparisons: [{ what: ours.name, against: raw.name, target: 1.6 }] };
}

function restartExperiment(bed: BoxesBed, runs: number): Experiment {
  const box = bed.deps.ledger.boxes()[1];
  const name = box?.name ?? "";
  const restart = bed.rawRestart(box?.containerId ?? "");
  const ours = {
    name: "stop NAME; start NAME",
    run: async () => {
      await runQuietly(bed.ours("stop", name));
      await runQuietly(bed.ours("start", name));
    },
  };
  const raw = { name: "podman stop; start; probe", run: () => runQuietly(restart) };
  return { sides: [ours, raw], runs, comparisons: [{ what: ours.name, against: raw.name, target: 1.3 }] };
}

/** Every round makes a box on each side and takes it away again; both halves are timed, in rounds of their own. */
async function lifeExperiments(bed: BoxesBed, runs: number): Promise<Experiment[]> {
  const other = await devcontainer(bed);
  let raw = await bed.rawBox();
  const name = "measured";
  const createOurs = (): Promise<void> => runQuietly(bed.ours("create", name, "--additional"));
  const destroyOurs = (): Promise<void> => runQuietly(bed.ours("destroy", name, "--yes"));
  const createRaw = async (): Promise<void> => runQuietly(raw.create);
  const destroyRaw = async (): Promise<void> => {
    await runQuietly(raw.destroy);
    raw = await bed.rawBox();
  };
  const create = { name: "create NAME --additional", run: createOurs, after: destroyOurs };
  const rawCreate = { name: "podman volume create (2); run -d; probe", run: createRaw, after: destroyRaw };
  const up = { name: "devcontainer up", run: () => runQuietly(other.up), after: other.remove };
  const destroy = { name: "destroy NAME --yes", before: createOurs, run: destroyOurs };
  const rawDestroy = { name: "podman rm -f; volume rm", before: createRaw, run: destroyRaw };
  return [
    {
      sides: [create, rawCreate, up],
      runs,
      comparisons: [
        { what: create.name, against: rawCreate.name, target: 1.5 },
        { what: create.name, against: up.name, target: 0.7 },
      ],
    },
    { sides: [destroy, rawDestroy], runs, comparisons: [{ what: destroy.name, against: rawDestroy.name }] },
  ];
}

async function devcontainerExperiment(bed: BoxesBed, runs: number): Promise<Experiment> {
  const other = await devcontainer(bed);
  await runQuietly(other.up);
  const [box] = bed.deps.ledger.boxes();
  const ours = { name: "exec NAME -- true", run: () => runQuietly(bed.ours("exec", box?.name ?? "", "--", "true")) };
  const theirs = { name: "devcontainer exec true", run: () => runQuietly(other.exec) };
  return { sides: [ours, theirs], runs, comparisons: [{ what: ours.name, against: theirs.name }] };
}

const verdict = (value: number, limit: number | undefined): string[] =>
  limit === undefined ? ["-", ""] : [`≤ ${String(limit)}`, value <= limit ? "met" : "**missed**"];

const span = ({ min, max }: Timing): string => `${ms(min)} – ${ms(max)}`;

async function timed(experiment: Experiment, interrupt: AbortSignal): Promise<string[][]> {
  const { sides, runs, comparisons } = experiment;
  say(`  ${sides.map((side) => side.name).join(" · ")} (${String(runs)} rounds) …`);
  const timings = await compare(sides, runs, interrupt);
  return comparisons.map(({ what, against, target }) => {
    const [ours, theirs] = [timings.get(what), timings.get(against)];
    if (ours === undefined || theirs === undefined) throw new Error(`nothing was measured for ${what}`);
    const ratio = ours.median / theirs.median;
    const times = [ms(ours.median), span(ours), against, ms(theirs.median), span(theirs), String(ours.runs)];
    return [what, ...times, ratio.toFixed(2), ...verdict(Number(ratio.toFixed(2)), target)];
  });
}

async function timings(bed: BoxesBed, boxes: number, interrupt: AbortSignal): Promise<string> {
  const [runs, slow] = [Number(values.runs), Number(values["slow-runs"])];
  say(`with ${String(boxes)} boxes:`);
  await fill(bed, Math.min(boxes, RUNNING), true, interrupt);
  await fill(bed, boxes, false, interrupt);
  const rows = [
    ...(await timed(listExperiment(bed, boxes, runs), interrupt)),
    ...(await timed(execExperiment(bed, runs), interrupt)),
    ...(await timed(restartExperiment(bed, slow), interrupt)),
  ];
  for (const experiment of await lifeExperiments(bed, slow)) rows.push(...(await timed(experiment, interrupt)));
  const exec = await devcontainerExperiment(bed, slow);
  rows.push(...(await timed(exec, interrupt)));
  await (await devcontainer(bed)).remove();
  const heading = [
    "devbox-ctl",
    "median",
    "min – max",
    "against",
    "median",
    "min – max",
    "rounds",
    "ratio",
    "target",
    "",
  ];
  return `## With ${String(boxes)} boxes\n\n${markdownTable(heading, rows)}\n`;
}

async function memory(bed: BoxesBed): Promise<string> {
  const name = bed.deps.ledger.boxes()[0]?.name ?? "";
  const commands = {
    "list --json": ["list", "--json"],
    "exec NAME -- true": ["exec", name, "--", "true"],
    "create NAME --additional": ["create", "measured", "--additional"],
  };
  const rows: string[][] = [];
  for (const [title, command] of Object.entries(commands)) {
    const { own, largest } = await peakMemory(bed.ours(...command));
    rows.push([title, own.toFixed(0), ...verdict(own, MEMORY_LIMIT), largest?.toFixed(0) ?? "-"]);
  }
  await runQuietly(bed.ours("destroy", "measured", "--yes"));
  const heading = ["devbox-ctl", "its own process, MB", "target", "", "largest process, podman included, MB"];
  const boxes = String(bed.deps.ledger.boxes().length);
  return `## Peak memory, with ${boxes} boxes\n\n${markdownTable(heading, rows)}\n`;
}

const NOTES = `## What is compared

All times are milliseconds of wall time, seen from outside: from starting the program to its end. Both sides of a line
take turns in the same run, the order changes every round, the first round is thrown away, and each turn waits (at most
a second) until the Podman commands of the turn before are gone, because Podman cleans up after an exec or a stop in a
process that outlives the command. Ratios are of medians.

- \`devbox-ctl\` is the built program as it is installed: \`bin/devbox-ctl\`, a shell script that starts Node. It reads a
  configuration file (a machine with so many boxes has one), opens its ledger, and its listing is restricted to its own
  boxes by a label. ${String(RUNNING)} boxes run; any others are created and not started. Podman sees the same
  containers, and all others that are on the machine.
- \`list --json\` asks Podman and the ledger. It does not ask what boxes use at the moment (\`--usage\` does).
- \`exec\` runs the command as dev through the image's session program, marked so that it can be ended, and writes down
  twice when the box was last used. \`podman exec ID true\` does nothing of that and runs as root.
- \`create\` takes name and slot, makes two volumes and the container, starts it, waits for the image's probe
  (\`ready --wait\`), and writes each step to its journal. The raw side is one shell that runs \`podman volume create\`
  twice, \`podman run -d\` with the very arguments devbox-ctl makes, and the same probe, one after the other.
- \`stop; start\` are two runs of devbox-ctl; the raw side is one shell with \`podman stop\`, \`podman start\` and the probe,
  on the same container. How long the box itself takes to end is in both.
- \`destroy\` looks afterwards whether anything is left; \`podman rm -f; volume rm\` does not.
- \`devcontainer\` is devcontainers/cli with \`--docker-path podman\`, the same image, and \`{"image": …}\` as its whole
  devcontainer.json. It runs as root, mounts a folder of the host instead of volumes, sets no limits, and replaces the
  image's start program by a shell that sleeps, so it has no services to wait for. \`up\` includes what it does for a new
  container (reading the image, the user's environment, asking containers.dev for a list); removing it is not timed.
- Not counted: building or loading the image, the very first run after an installation or an upgrade (caches are filled
  in the round that is thrown away), the time a person needs to read.
- Peak memory is the kernel's figure (\`ru_maxrss\`) of one run. The largest process is the larger of devbox-ctl and each
  Podman command it started; what Podman starts for good (conmon) is there without devbox-ctl as well.
`;

await onBench(async (interrupt) => {
  const machine = await machineTable();
  say("preparing boxes …");
  const bed = await boxesBed();
  try {
    const parts: string[] = [];
    for (const boxes of values.boxes.split(",").map(Number)) parts.push(await timings(bed, boxes, interrupt));
    parts.push(await memory(bed));
    const command = `\`node docs/bench/boxes.ts\``;
    const page = `# devbox-ctl beside Podman and devcontainer\n\nMade by ${command}; do not edit.\n\n${machine}\n`;
    await publish([page, ...parts, NOTES].join("\n"), "boxes", values.out);
  } finally {
    say("removing the boxes …");
    await removeNamespace(bed.deps.config.engine.namespace);
    bed.deps.ledger.close();
    await bed.cli.remove();
  }
});
