import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chosenSteps, LANES, type Step } from "./lib/steps.ts";
import { add, closingLine, duration, emptyTally, type Tally } from "./lib/tally.ts";

/** Lines of a failed check's output that are shown; its end comes first in what matters. */
const LINES_SHOWN = 200;
const STATIC_AT_ONCE = 2;

/** When no further test file on real parts is begun: DEVBOX_TEST_MINUTES after the start, for machines that end a run. */
const until = Date.now() + 60_000 * Number(process.env.DEVBOX_TEST_MINUTES ?? Infinity);

const total = emptyTally();
const skips: string[] = [];
const scratch = mkdtempSync(path.join(tmpdir(), "devbox-ctl-test-"));

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Installs what the tests need and takes over the settings that Podman needs on this machine. */
function prepareHost(): boolean {
  const prepared = spawnSync("sh", ["scripts/host-prepare.sh", "--test-tools"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  for (const line of prepared.stdout.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) process.env[line.slice(0, equals)] = line.slice(equals + 1);
  }
  if (prepared.status === 0) return true;
  say("FAIL  host: this machine could not be made ready for Podman");
  total.failed += 1;
  return false;
}

function showOutput(output: string): void {
  const lines = output.trimEnd().split("\n");
  if (lines.length > LINES_SHOWN) say(`      … ${String(lines.length - LINES_SHOWN)} lines before these`);
  for (const line of lines.slice(-LINES_SHOWN)) say(`      ${line}`);
}

function skip(step: Step, why: string): void {
  total.skipped += 1;
  skips.push(`${step.name}: ${why}`);
  say(`skip  ${step.name}: ${why}`);
}

/** Runs a check quietly; its output is shown when it fails. */
async function check(step: Step): Promise<boolean> {
  const started = performance.now();
  const [command = "", ...args] = step.argv;
  const env = { ...process.env, NO_COLOR: "1" };
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const code = await new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status, signal) => resolve(status ?? signal ?? "?"));
  });
  const took = duration(performance.now() - started);
  if (typeof code === "string" && code.includes("ENOENT")) {
    skip(step, `${command} is not installed`);
    return false;
  }
  total[code === 0 ? "passed" : "failed"] += 1;
  const warnings = output.match(/^.* warning .*$/gm)?.length ?? 0;
  const remark = code === 0 && warnings > 0 ? `, ${String(warnings)} warnings: npm run lint` : "";
  say(`${code === 0 ? "ok  " : "FAIL"}  ${step.name} (${took}${remark})`);
  if (code !== 0) showOutput(output);
  return code === 0;
}

async function checkAll(steps: readonly Step[]): Promise<void> {
  if (steps.length === 0) return;
  say(`checking: ${steps.map(({ doing }) => doing).join(", ")}`);
  const queue = [...steps];
  const work = async (): Promise<void> => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) await check(step);
  };
  await Promise.all(Array.from({ length: STATIC_AT_ONCE }, work));
}

function readTally(file: string): Tally | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Tally;
  } catch {
    return undefined;
  }
}

/** Runs one Vitest project; its reporter prints a line for each file and leaves the sum in a file. */
async function test(step: Step): Promise<void> {
  if (step.lane !== undefined && Date.now() > until) {
    skip(step, "the time for this run is used up");
    return;
  }
  const started = performance.now();
  say(`running: ${step.doing}`);
  const file = path.join(scratch, step.name);
  const [command = "", ...args] = step.argv;
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      DEVBOX_TEST_TALLY: file,
      ...(Number.isFinite(until) && { DEVBOX_TEST_UNTIL: String(until) }),
    },
  });
  // By this one process, so that what two lanes write stays apart: what they say of a file comes at once.
  child.stdout.pipe(process.stdout, { end: false });
  const code = await new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(null));
    child.on("close", resolve);
  });
  const tally = readTally(file) ?? emptyTally();
  // A run that ends badly without a failed test to show for it is a failure of its own.
  if (code !== 0 && tally.failed === 0 && tally.cut === undefined) tally.failed = 1;
  add(total, tally);
  const took = duration(performance.now() - started);
  say(`${tally.failed === 0 ? "ok  " : "FAIL"}  ${step.name}: ${closingLine(tally)} (${took})`);
}

/** Why a step on real parts cannot run here, or undefined. */
async function refusal(step: Step): Promise<string | undefined> {
  if (step.root !== undefined && process.getuid?.() !== 0) return step.root;
  if (step.name !== "system") return undefined;
  const { hostRefusal } = await import("../test/support/host.ts");
  // A machine that could, but cannot just now, is a failure: the tests will say it.
  return hostRefusal().catch(() => undefined);
}

async function runLane(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const why = await refusal(step);
    if (why === undefined) await test(step);
    else skip(step, why);
  }
}

async function main(): Promise<void> {
  const steps = chosenSteps(process.argv.slice(2));
  const usesHost = steps.some(({ name, lane }) => name === "shell" || lane !== undefined);
  const hostReady = usesHost ? prepareHost() : true;
  await checkAll(steps.filter(({ kind }) => kind === "check"));
  let built = true;
  for (const step of steps.filter(({ kind }) => kind === "build")) built = await check(step);
  for (const step of steps.filter(({ kind, lane }) => kind === "tests" && lane === undefined)) await test(step);
  const real = steps.filter(({ lane }) => lane !== undefined);
  if (hostReady && built) await Promise.all(LANES.map((lane) => runLane(real.filter((step) => step.lane === lane))));
  else for (const step of real) skip(step, `${hostReady ? "the build failed" : "the host is not ready"}, see above`);
}

try {
  await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (skips.length > 0) say(`not run: ${skips.join("; ")}`);
say(closingLine(total));
process.exitCode = total.failed > 0 ? 1 : 0;
