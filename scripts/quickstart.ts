import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";

/** The life of one box, for real, with a state directory and a namespace of its own: nothing of the user's is touched. */

const PROGRAM = path.resolve(import.meta.dirname, "../bin/devbox-ctl");
const HOST_PREPARE = path.resolve(import.meta.dirname, "host-prepare.sh");
const BOX = `demo-${process.pid.toString(36)}`;
/** The image with its services and runtimes instead of the minimal one. */
const FULL = process.argv.includes("--full");
/** Whether the box is shown on a tailnet of one's own: when what it takes is here, or may be made, which takes minutes. */
const TAILNET = FULL || process.argv.includes("--tailnet") || hasTailnetTools();
const scratch = mkdtempSync(path.join(tmpdir(), "devbox-ctl-quickstart-"));
const config = path.join(scratch, "config.yaml");
const env = { ...process.env, DEVBOX_CONFIG: config, XDG_STATE_HOME: path.join(scratch, "state") };

const say = (line = ""): void => {
  process.stdout.write(`${line}\n`);
};

class Failed extends Error {
  override name = "Failed";
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`exit ${String(exitCode)}`);
    this.exitCode = exitCode;
  }
}

/** What has happened so far, for the cleaning up. */
const interruption = { seen: false };
const box = { begun: false };
const tailnet = { begun: false, up: false };
const output = { closed: false };
// A reader that goes away (`| head`) must not leave a box behind.
process.stdout.on("error", () => (output.closed = interruption.seen = true));
// The running command gets the same Ctrl-C from the terminal; this one only remembers, so that cleaning up follows.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => (interruption.seen = true));
}

const quoted = (word: string): string => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Runs the program with its output as it is, and gives its exit code; `detached` keeps Ctrl-C away from it. */
function devbox(args: readonly string[], detached = false): Promise<number> {
  say(`\n$ devbox-ctl ${args.map(quoted).join(" ")}`);
  const out = output.closed ? "ignore" : "inherit";
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, args, { stdio: ["ignore", out, out], env, detached });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 130));
  });
}

async function step(why: string, ...args: string[]): Promise<void> {
  say(`\n# ${why}`);
  const exitCode = await devbox(args);
  if (interruption.seen) throw new Failed(130);
  if (exitCode !== 0) throw new Failed(exitCode);
}

/** Whether headscale and a client are here; nothing is made. */
function hasTailnetTools(): boolean {
  const there = spawnSync(path.resolve(import.meta.dirname, "../containers/headscale/build"), ["--look"]);
  return there.status === 0;
}

async function buildImage(): Promise<void> {
  const kept = "it is kept for your own boxes";
  if (FULL) {
    await step(`the image of a box with everything (minutes; ${kept})`, "image", "build");
  } else if (TAILNET) {
    const without = ["tools", "runtimes", "syncthing", "code-server"].flatMap((part) => ["--without", part]);
    await step(`the image of a box with a shell and Tailscale (a minute; ${kept})`, "image", "build", ...without);
  } else {
    const why = `the image of a box with a shell and its tools (half a minute; ${kept})`;
    await step(why, "image", "build", "--minimal");
  }
}

/** A tailnet that is gone with this demonstration; a machine that cannot have one is shown the rest. */
async function startTailnet(): Promise<void> {
  say("\n# a tailnet of your own: headscale on this machine, for this demonstration");
  tailnet.begun = true;
  tailnet.up = (await devbox(["tailnet", "dev", "up"])) === 0;
  if (interruption.seen) throw new Failed(130);
  if (tailnet.up) env.DEVBOX_CONFIG = path.join(env.XDG_STATE_HOME, "devbox/tailnet-dev/devbox.yaml");
  else say("\nSo the box is shown without a tailnet.");
}

async function endTailnet(): Promise<boolean> {
  if (!tailnet.begun) return true;
  const ended = (await devbox(["tailnet", "dev", "down", "--purge", "--yes"], true)) === 0;
  tailnet.begun = !ended;
  return ended;
}

async function tour(): Promise<void> {
  const note = "/home/dev/workspace/note.txt";
  await buildImage();
  if (TAILNET) await startTailnet();
  box.begun = true;
  await step("a box of your own, with limits", "create", BOX, "--cpus", "1", "--memory", "1GiB");
  await step("work in it", "exec", BOX, "--", "sh", "-c", `echo "written before the stop" > ${note}; whoami; pwd`);
  if (tailnet.up) {
    const why = "go there over the tailnet, by Tailscale SSH, as your laptop would";
    await step(why, "tailnet", "dev", "ssh", BOX, "--", "cat", note);
  }
  await step("stop it: its processes end, its home stays", "stop", BOX);
  await step("and start it again", "start", BOX);
  await step("the file is still there", "exec", BOX, "--", "cat", note);
  await step("what there is", "list");
  await step("and away with it, home and all", "destroy", BOX, "--yes");
  if (tailnet.up) await step("its device is gone from the tailnet as well", "tailnet", "dev", "status");
  if (tailnet.begun) say("\n# and away with the tailnet");
  if (!(await endTailnet())) throw new Failed(1);
}

async function cleanUp(): Promise<boolean> {
  say("\n# cleaning up");
  const exitCode = box.begun ? await devbox(["destroy", BOX, "--yes"], true) : 0;
  const NO_SUCH_BOX = 3;
  // Last, because the box leaves it; without it the device could not be proven gone.
  const ended = await endTailnet();
  return ended && (exitCode === 0 || exitCode === NO_SUCH_BOX);
}

function sayNext(): void {
  const settings = process.env.CONTAINERS_CONF;
  say("\nThat was the whole life of a box. To go on:\n");
  say(`  export PATH=${quoted(path.dirname(PROGRAM))}:$PATH`);
  if (settings !== undefined) {
    say(`  export CONTAINERS_CONF=${quoted(settings)}   # what Podman needs on this machine`);
  }
  say("  devbox-ctl create my-project");
  say("  devbox-ctl ssh my-project\n");
  if (tailnet.up) {
    say("This box joins no tailnet unless a configuration says so; a tailnet of your own, and what to do with it:\n");
    say("  devbox-ctl tailnet dev up\n");
  }
  if (!TAILNET) {
    say("To see it on a tailnet of its own, without an account (some minutes, once; it takes a Go):\n");
    say(`  sh ${quoted(HOST_PREPARE)} --tailnet-tools`);
    say("  npm run quickstart -- --tailnet\n");
  }
  if (FULL) return;
  say(
    `Its image has a shell and its tools${TAILNET ? ", and Tailscale" : ""}. The whole image has code-server, Syncthing,`,
  );
  say("Tailscale and language runtimes as well, and takes some minutes to build; new boxes have it then:\n");
  say(`  sh ${quoted(HOST_PREPARE)} --image-tools   # compilers, libraries and a Go, by apt`);
  say("  devbox-ctl image build\n");
}

mkdirSync(path.join(scratch, "state"));
writeFileSync(config, `engine: { namespace: quickstart-${process.pid.toString(36)} }\n`);
say(`This shows the life of a box, ${BOX}, on real Podman; nothing else of yours is touched.`);
if (process.getuid?.() === 0) {
  say("You are root, so it runs on root's Podman; an ordinary user's boxes are rootless.");
}
let leftInPlace = false;
try {
  await tour();
  sayNext();
} catch (error) {
  const exitCode = error instanceof Failed ? error.exitCode : 1;
  say(
    interruption.seen
      ? "\ninterrupted"
      : `\nThe quickstart stopped: ${error instanceof Error ? error.message : String(error)}`,
  );
  leftInPlace = (box.begun || tailnet.begun) && !(await cleanUp().catch(() => false));
  process.exitCode = exitCode;
}
if (leftInPlace) {
  say("\nSomething was left. To finish the removal:");
  const settings = `DEVBOX_CONFIG=${env.DEVBOX_CONFIG} XDG_STATE_HOME=${env.XDG_STATE_HOME}`;
  if (box.begun) say(`  ${settings} ${PROGRAM} destroy ${BOX} --yes`);
  if (tailnet.begun) say(`  ${settings} ${PROGRAM} tailnet dev down --purge --yes`);
} else {
  rmSync(scratch, { recursive: true, force: true });
}
