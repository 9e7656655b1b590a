/**
 * Destroys boxes on a tailnet in the worst of circumstances, and looks whether one run that cleans up is enough: a third
 * while the control plane is down, a third killed at a random call of theirs, a third of stopped boxes. Of the latter
 * two some come while it is down as well. With --faults its interface also spoils a third of the calls when it is up.
 *
 * Usage: node docs/bench/destroys.ts [--seed N] [--count 50] [--faults] [--out FILE]
 */
import { parseArgs } from "node:util";
import { allPoints, seeded } from "../../test/fixtures/kill/job.ts";
import { type Prepared, Rig } from "../../test/fixtures/kill/rig.ts";
import { type RigTailnet, rigTailnet, tailnetProblems } from "../../test/fixtures/kill/tailnet.ts";
import { unsound } from "../../test/fixtures/kill/world.ts";
import { tailnetImage } from "../../test/support/image.ts";
import { onBench, say } from "./lib/bed.ts";
import { startFaulty } from "./lib/faulty.ts";
import { machineTable } from "./lib/machine.ts";
import { medianOf } from "./lib/measure.ts";
import { markdownTable, publish } from "./lib/table.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "50" },
    faults: { type: "boolean", default: false },
    out: { type: "string" },
  },
});

/** How many boxes are made or destroyed at once. */
const WORKERS = 3;
/** Somebody else's, the second with the name of a box. */
const OTHERS = ["laptop", "box-5"];
const KINDS = ["control plane down", "killed", "stopped box"] as const;

interface One {
  readonly kind: (typeof KINDS)[number];
  readonly isDown: boolean;
  readonly box: Prepared;
  /** Where it is to be killed. */
  readonly at: string | undefined;
}

interface Done extends One {
  readonly exitCode: number;
  readonly seconds: number;
}

const random = seeded(Number(values.seed));
const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];

/** Does something with all of them, some at once. */
async function each<T, R>(items: readonly T[], interrupt: AbortSignal, act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      interrupt.throwIfAborted();
      results.push(await act(item));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return results;
}

async function makeBoxes(rig: Rig, interrupt: AbortSignal): Promise<One[]> {
  const points = allPoints(await rig.callsOf("destroy"), [5, 60, 300]);
  const wishes = Array.from({ length: Number(values.count) }, (_, i) => {
    const kind = KINDS[i % KINDS.length] ?? "killed";
    const isDown = kind === "control plane down" || random() < 1 / 3;
    return { kind, isDown, at: kind === "killed" ? pick(points) : undefined };
  });
  return each(wishes, interrupt, async (wish) => {
    const box = await rig.prepare(wish.kind === "stopped box" ? "destroy - stopped" : "destroy");
    return { ...wish, box };
  });
}

async function destroyOne(rig: Rig, one: One): Promise<Done> {
  const { name, verb } = one.box;
  const began = performance.now();
  const { exitCode } = await (one.at === undefined
    ? rig.cli.run(["destroy", name, "--yes"], { timeout: 150_000 })
    : rig.child({ verb, name, at: one.at }));
  const seconds = (performance.now() - began) / 1000;
  say(`${name}: ${one.kind}${one.isDown ? ", down" : ""} ${one.at ?? ""} → ${String(exitCode)}`);
  return { ...one, exitCode, seconds };
}

function tableOf(done: readonly Done[]): string {
  const rows = KINDS.flatMap((kind) =>
    [false, true].flatMap((isDown) => {
      const of = done.filter((one) => one.kind === kind && one.isDown === isDown);
      if (of.length === 0) return [];
      const codes = [...new Set(of.map(({ exitCode }) => exitCode))].sort((a, b) => a - b);
      const told = codes.map((code) => {
        const times = String(of.filter(({ exitCode }) => exitCode === code).length);
        return `${times} × ${code === -1 ? "killed" : `exit ${String(code)}`}`;
      });
      const median = `${medianOf(of.map(({ seconds }) => seconds)).toFixed(1)} s`;
      return [[kind, isDown ? "down" : "up", String(of.length), told.join(", "), median]];
    }),
  );
  return markdownTable(["destroy", "control plane", "boxes", "how they ended", "median"], rows);
}

interface Counts {
  readonly ours: number;
  readonly others: number;
}

async function countsOf({ headscale, others }: RigTailnet): Promise<Counts> {
  const nodes = await headscale.nodes();
  const isOthers = ({ id }: { id: string }): boolean => others.some((other) => other.id === id);
  return { ours: nodes.filter((node) => !isOthers(node)).length, others: nodes.filter(isOthers).length };
}

const NOTES = `Boxes are real ones on the tailnet of a real headscale, which has ${String(OTHERS.length)} devices of others, one with the name of a box.
Exit code 11 is "destroyed, but its device is not proven gone". A kill is SIGKILL of the process before, in or after a call
of its to ledger, engine or control plane; its point and the order come from the seed. Afterwards the control plane is
started again, and \`devbox-ctl doctor --fix\` runs once.`;

async function run(rig: Rig, tailnet: RigTailnet, spoil: (on: boolean) => void, interrupt: AbortSignal) {
  say(`making ${values.count} boxes`);
  const all = await makeBoxes(rig, interrupt);
  const before = await countsOf(tailnet);
  spoil(true);
  const up = await each(
    all.filter(({ isDown }) => !isDown),
    interrupt,
    (one) => destroyOne(rig, one),
  );
  spoil(false);
  await tailnet.headscale.stop();
  const down = await each(
    all.filter(({ isDown }) => isDown),
    interrupt,
    (one) => destroyOne(rig, one),
  );
  await tailnet.headscale.start();
  const between = await countsOf(tailnet);
  const ledgerHad = rig.ledger();
  const began = performance.now();
  const fixed = await rig.cli.run(["doctor", "--fix"], { timeout: 600_000 });
  const seconds = (performance.now() - began) / 1000;
  if (fixed.exitCode !== 0) say(fixed.stdout + fixed.stderr);
  const world = await rig.world();
  const problems = [...unsound(world, rig.kept), ...(await tailnetProblems(tailnet, world))];
  const left = { boxes: world.rows.length, devices: world.devices.length };
  return {
    done: [...up, ...down],
    before,
    between,
    after: await countsOf(tailnet),
    ledgerHad,
    fixed,
    seconds,
    left,
    problems,
  };
}

function pageOf(
  machine: string,
  { done, before, between, after, ledgerHad, fixed, seconds, left, problems }: Awaited<ReturnType<typeof run>>,
  spoilt: string,
): string {
  const rows = [
    ["before", String(before.ours), String(before.others), values.count, values.count],
    [
      "after the destroys",
      String(between.ours),
      String(between.others),
      String(ledgerHad.rows.length),
      String(ledgerHad.devices.length),
    ],
    ["after one `doctor --fix`", String(after.ours), String(after.others), String(left.boxes), String(left.devices)],
  ];
  const command = `node docs/bench/destroys.ts --seed ${values.seed}${values.faults ? " --faults" : ""}`;
  return [
    values.faults ? "# Destroys, and a control plane that spoils calls" : "# Destroys",
    `Made by \`${command}\`; do not edit.`,
    machine,
    tableOf(done),
    markdownTable(["", "devices of ours", "of others", "boxes in the ledger", "devices in the ledger"], rows),
    `\`doctor --fix\` took ${seconds.toFixed(1)} s and ended with ${String(fixed.exitCode)}.${spoilt}`,
    problems.length === 0 ? "Nothing is wrong." : ["Wrong:", ...problems.map((problem) => `- ${problem}`)].join("\n"),
    `${NOTES}\n`,
  ].join("\n\n");
}

await onBench(async (interrupt) => {
  const machine = await machineTable();
  await using own = await rigTailnet(OTHERS);
  await using faulty = await startFaulty(own.headscale.url);
  const { tailnet } = own.config as { tailnet: { api: object } };
  const config = { ...own.config, tailnet: { ...tailnet, timeout: 6, api: { ...tailnet.api, url: faulty.url } } };
  const joined = { ...own, config };
  await using rig = await Rig.open(await tailnetImage(), { tailnet: joined });
  const spoil = (on: boolean): void => {
    faulty.fate = () => (on && values.faults && random() < 1 / 3 ? (random() < 0.5 ? "500" : "silence") : "pass");
  };
  const results = await run(rig, joined, spoil, interrupt);
  const { spoilt, calls } = faulty.seen;
  const said = values.faults
    ? ` Of ${String(calls)} calls in all, ${String(spoilt)} were answered with 500 or not at all.`
    : "";
  await publish(pageOf(machine, results, said), "destroys", values.out);
  if (results.problems.length > 0 || results.fixed.exitCode !== 0) process.exitCode = 1;
});
