/**
 * Kills commands and looks whether anything is lost. First at every point: after each call to the ledger, into and
 * after each call to the engine (before a call, all is as after the one before it; --every kills there too). Then the
 * real program at random moments of its run. After each kill either `doctor --fix` comes, or an ordinary command and
 * whatever its error says to do, and then the doctor.
 *
 * With --tailnet boxes are on one, and every device must be where it belongs afterwards.
 *
 * Usage: node docs/bench/kills.ts [--seed N] [--random N] [--points N] [--rootless] [--tailnet] [--every] [--only WORD] [--write]
 * Needs the built program (`npm run build`) and root; with --rootless everything runs as a throw-away user.
 */
import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { allPoints, distinctPoints, seeded, TAILNET_VERBS, type Verb, VERBS } from "../../test/fixtures/kill/job.ts";
import { Rig } from "../../test/fixtures/kill/rig.ts";
import { ordinaryCommands, type Outcome, round } from "../../test/fixtures/kill/round.ts";
import { rigTailnet } from "../../test/fixtures/kill/tailnet.ts";
import setup from "../../test/support/global-setup.ts";
import { tailnetImage, testImage } from "../../test/support/image.ts";
import { podmanOk } from "../../test/support/podman.ts";
import { rootlessUser, type RootlessUser } from "../../test/support/rootless.ts";

/** Milliseconds into an engine call: before podman has read its settings, and while it works. */
const INTO = [5, 60];
/** And while a box logs in, which takes a second or two. */
const TAILNET_INTO = [60, 400, 1200];

const WORKERS = 3;

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    random: { type: "string", default: "200" },
    points: { type: "string" },
    rootless: { type: "boolean", default: false },
    tailnet: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    every: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

interface Kill {
  readonly verb: Verb;
  /** Point, or moment in milliseconds. */
  readonly where: string;
  readonly strike: (rig: Rig, prepared: Awaited<ReturnType<Rig["prepare"]>>) => Promise<{ killed: boolean }>;
  readonly kind: "point" | "random";
}

interface Done extends Outcome {
  readonly kill: Kill;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const random = seeded(Number(flags.seed));
const page = flags.tailnet ? "kills-tailnet" : "kills";
const into = flags.tailnet ? TAILNET_INTO : INTO;
const allVerbs: readonly Verb[] = flags.tailnet ? TAILNET_VERBS : VERBS;

function atPoint(verb: Verb, at: string): Kill {
  const strike: Kill["strike"] = async (rig, { name, home }) => {
    const { exitCode } = await rig.child({ verb, name, home, at });
    return { killed: exitCode === -1 };
  };
  return { verb, where: at, strike, kind: "point" };
}

/** All, or as many as were asked for, from all over. */
function sampled(points: readonly string[]): readonly string[] {
  if (flags.points === undefined) return points;
  const mixed = points.map((at) => ({ at, place: random() })).sort((a, b) => a.place - b.place);
  return mixed.slice(0, Number(flags.points)).map(({ at }) => at);
}

/** Moments are spread over a little more than a command takes when nobody kills it. */
async function randomKills(rig: Rig, verb: Verb, count: number): Promise<Kill[]> {
  const prepared = await rig.prepare(verb);
  const started = performance.now();
  await rig.ok(...prepared.args);
  const span = (performance.now() - started) * 1.1;
  await rig.clear(prepared);
  return Array.from({ length: count }, () => {
    const after = Math.round(random() * span);
    const group = random() < 0.5;
    const where = `${String(after)} ms of ${span.toFixed(0)}${group ? ", group" : ""}`;
    return { verb, where, kind: "random", strike: (own, { args }) => own.kill(args, after, group) };
  });
}

/** On a tailnet, somebody else's device has the name that a box of every rig will have. */
async function openRig(image: string, user: RootlessUser | undefined): Promise<Rig> {
  const tailnet = flags.tailnet ? await rigTailnet(["laptop", "box-3"]) : undefined;
  return Rig.open(image, { ...(user && { user }), ...(tailnet && { tailnet }) });
}

async function work(rig: Rig, queue: Kill[], done: Done[]): Promise<void> {
  for (let kill = queue.shift(); kill !== undefined; kill = queue.shift()) {
    const prepared = await rig.prepare(kill.verb);
    const own = kill;
    const commands = ordinaryCommands(prepared);
    const command = random() < 0.5 ? undefined : commands[Math.floor(random() * commands.length)];
    const outcome = await round(rig, prepared, () => own.strike(rig, prepared), command);
    done.push({ kill, ...outcome });
    if (outcome.problems.length > 0) {
      say(`FAIL  ${kill.verb} at ${kill.where}: ${outcome.problems.join("; ")}\n      ${outcome.trail.join(" · ")}`);
    }
    if (done.length % 20 === 0) say(`      ${String(done.length)} done, ${String(queue.length)} to go`);
  }
}

function table(done: readonly Done[]): string[] {
  const lines = allVerbs.flatMap((verb) =>
    (["point", "random"] as const).flatMap((kind) => {
      const of = done.filter(({ kill }) => kill.verb === verb && kill.kind === kind);
      if (of.length === 0) return [];
      const count = (is: (one: Done) => boolean) => String(of.filter(is).length);
      const cells = [
        verb,
        kind === "point" ? (flags.points === undefined ? "every point" : "some points") : "random moment",
        String(of.length),
        count(({ killed }) => killed),
        count(({ orphan }) => orphan),
        count(({ trail }) => trail.length > 2),
        count(({ problems }) => problems.length > 0),
      ];
      return [`| ${cells.join(" | ")} |`];
    }),
  );
  return [
    "| command | killed at | runs | killed | Podman still at work | ordinary command first | failures |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ...lines,
  ];
}

const TAILNET_NOTE = `Boxes are on the tailnet of a real headscale, which has two devices of others, one with the name of a box. It is a
failure too when the control plane has a device that is no box's, when a box that is to run is not on the tailnet, when
the ledger has a device without a box, or when a device of others was touched.`;

async function report(done: readonly Done[], seconds: number): Promise<string> {
  const podman = await podmanOk(["--version"]);
  const failed = done.filter(({ problems }) => problems.length > 0);
  const mode = flags.rootless ? "rootless" : "rootful";
  const { length: cores, 0: cpu } = cpus();
  return [
    flags.tailnet ? "# Kills on a tailnet" : "# Kills",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${podman}, ${mode}, Node ${process.version}, Linux ${release()}, ${String(cores)} × ${cpu?.model ?? "?"}.`,
    `Seed ${flags.seed}; ${String(done.length)} runs in ${(seconds / 60).toFixed(0)} minutes, ${String(WORKERS)} at a time. Made by \`node docs/bench/kills.ts --seed ${flags.seed} --random ${flags.random}${flags.points === undefined ? "" : ` --points ${flags.points}`}${flags.rootless ? " --rootless" : ""}${flags.tailnet ? " --tailnet" : ""}${flags.every ? " --every" : ""} --write\`.`,
    "",
    "Every run makes a box with a file in its home, kills the command with SIGKILL, and then has `doctor --fix` put things right;",
    "in half of the runs an ordinary command comes first, and what its error says to do. A failure is an orphan in Podman, a",
    "row without its box, an open operation, a lost home, a second doctor that finds anything, or an error that leads nowhere.",
    ...(flags.tailnet ? [TAILNET_NOTE] : []),
    "",
    ...table(done),
    "",
    failed.length === 0 ? "No failures." : "Failures:",
    ...failed.map(({ kill, problems }) => `- ${kill.verb} at ${kill.where}: ${problems.join("; ")}`),
    "",
  ].join("\n");
}

const teardown = await setup();
const started = performance.now();
const done: Done[] = [];
try {
  const user = flags.rootless ? await rootlessUser() : undefined;
  const image = await (flags.tailnet ? tailnetImage : testImage)(user);
  const rigs = await Promise.all(Array.from({ length: WORKERS }, () => openRig(image, user)));
  const [first] = rigs;
  if (first === undefined) throw new Error("no worker");
  const witnesses = await Promise.all(rigs.map((rig) => rig.witness()));
  const queue: Kill[] = [];
  const verbs = allVerbs.filter((verb) => verb.includes(flags.only));
  const each = Math.ceil(Number(flags.random) / verbs.length);
  for (const verb of verbs) {
    const calls = await first.callsOf(verb);
    const points = (flags.every ? allPoints : distinctPoints)(calls, into);
    const moments = await randomKills(first, verb, Math.min(each, Number(flags.random)));
    say(`      ${verb}: ${String(points.length)} points in ${String(calls.length)} calls: ${calls.join(" ")}`);
    queue.push(...sampled(points).map((at) => atPoint(verb, at)), ...moments);
  }
  // Mixed, so that commands of all kinds are at work side by side.
  const mixed = queue.map((kill) => ({ kill, place: random() })).sort((a, b) => a.place - b.place);
  const jobs = mixed.map(({ kill }) => kill);
  await Promise.all(rigs.map((rig) => work(rig, jobs, done)));
  for (const [i, rig] of rigs.entries()) {
    if (!rig.isWhole(await rig.world(), witnesses[i] ?? ""))
      say("FAIL  a box that had no part in it has lost its home");
    await rig[Symbol.asyncDispose]();
    await rig.tailnet?.[Symbol.asyncDispose]();
  }
} finally {
  await teardown();
}
const text = await report(done, (performance.now() - started) / 1000);
say(text);
if (flags.write) writeFileSync(path.join(import.meta.dirname, `results/${page}.md`), text);
process.exitCode = done.some(({ problems }) => problems.length > 0) ? 1 : 0;
