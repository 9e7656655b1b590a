import { spawn } from "node:child_process";
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

async function tour(): Promise<void> {
  const note = "/home/dev/workspace/note.txt";
  if (FULL) {
    await step("the image of a box with everything (minutes; it is kept for your own boxes)", "image", "build");
  } else {
    const why = "the image of a box with a shell and its tools (half a minute; it is kept for your own boxes)";
    await step(why, "image", "build", "--minimal");
  }
  box.begun = true;
  await step("a box of your own, with limits", "create", BOX, "--cpus", "1", "--memory", "1GiB");
  await step("work in it", "exec", BOX, "--", "sh", "-c", `echo "written before the stop" > ${note}; whoami; pwd`);
  await step("stop it: its processes end, its home stays", "stop", BOX);
  await step("and start it again", "start", BOX);
  await step("the file is still there", "exec", BOX, "--", "cat", note);
  await step("what there is", "list");
  await step("and away with it, home and all", "destroy", BOX, "--yes");
}

async function cleanUp(): Promise<boolean> {
  say("\n# cleaning up");
  const exitCode = await devbox(["destroy", BOX, "--yes"], true);
  const NO_SUCH_BOX = 3;
  return exitCode === 0 || exitCode === NO_SUCH_BOX;
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
  if (FULL) return;
  say(
    "Its image has a shell and its tools. Tailscale, code-server, Syncthing and language runtimes come with the whole",
  );
  say("image, which takes some minutes to build; new boxes have it then:\n");
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
  leftInPlace = box.begun && !(await cleanUp().catch(() => false));
  process.exitCode = exitCode;
}
if (leftInPlace) {
  say("\nSomething was left. To finish the removal:");
  say(`  DEVBOX_CONFIG=${config} XDG_STATE_HOME=${env.XDG_STATE_HOME} ${PROGRAM} destroy ${BOX} --yes`);
} else {
  rmSync(scratch, { recursive: true, force: true });
}
