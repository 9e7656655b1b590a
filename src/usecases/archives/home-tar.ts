import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import type { BoxPipe } from "../../ports/engine.ts";
import { MINUTE } from "../../core/time.ts";
import { piecesOf, runOnHome, startOnHome, type TaskDeps } from "./home-task.ts";

type Home = Pick<BoxRecord, "id" | "name" | "spec">;

/** Milliseconds that measuring has, and that packing may say nothing: large homes on slow disks take their time. */
const MEASURING = 30 * MINUTE;
const SILENCE = 15 * MINUTE;

const HOME = ["--directory", IMAGE.volumes.home];
/** What dev may put on files, and nothing that only the host's root may. */
const ATTRIBUTES = ["--xattrs", "--xattrs-include=user.*", "--acls", "--numeric-owner"];

/** The same home gives the same bytes each time, so that a later try can go on where one was killed. */
const PACK = [
  ...["tar", "--create", "--file=-", ...HOME, "--format=posix", "--sort=name", ...ATTRIBUTES],
  // Without these two, tar's process id and the time of the last read would be in it.
  "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
  // A file of holes stays one. What is mounted into the home is not of it.
  ...["--sparse", "--one-file-system", "."],
];

const UNPACK = [
  ...["tar", "--extract", "--file=-", ...HOME, ...ATTRIBUTES, "--same-owner", "--preserve-permissions"],
  "--delay-directory-restore",
];

/** Bytes that a home takes on the disk. @throws {DevboxError} ENGINE_FAILED, IMAGE_NOT_FOUND, the ENGINE_ codes */
export async function homeSize(deps: TaskDeps, box: Home): Promise<number> {
  const argv = ["du", "--summarize", "--one-file-system", "--block-size=1", IMAGE.volumes.home];
  const { exitCode, stdout, stderr } = await runOnHome(deps, box, {
    argv,
    user: "root",
    readOnly: true,
    limit: MEASURING,
  });
  const size = /^(\d+)\t/.exec(stdout)?.[1];
  if (size === undefined) throw failed(box, "measured", exitCode, stderr);
  return Number(size);
}

/**
 * A home as tar has it. Its end is only given when tar said that all went well.
 * @throws {DevboxError} ENGINE_FAILED, IMAGE_NOT_FOUND, the ENGINE_ codes
 */
export async function* packedHome(deps: TaskDeps, box: Home): AsyncGenerator<Buffer> {
  const task = await startOnHome(deps, box, { argv: PACK, user: "root", readOnly: true });
  let isOver = false;
  try {
    task.stdin.end();
    task.stderr.resume();
    yield* piecesOf(task, box, { ms: SILENCE, per: "piece" });
    const { exitCode, stderr } = await task.ended;
    isOver = true;
    if (exitCode !== 0) throw failed(box, "read", exitCode, stderr);
  } finally {
    if (!isOver) await ended(task);
  }
}

/**
 * Fills the home of a box that does not run yet.
 * @throws {DevboxError} HOST_DISK, ENGINE_FAILED, IMAGE_NOT_FOUND, and what reading throws
 */
export async function unpackHome(deps: TaskDeps, box: Home, content: AsyncIterable<Buffer>): Promise<void> {
  const task = await startOnHome(deps, box, { argv: UNPACK, user: "root", readOnly: false });
  let isOver = false;
  try {
    task.stderr.resume();
    task.stdout.resume();
    // Tar that has given up reads no more; why says its end.
    const reader = readerOf(task.stdin);
    for await (const piece of content) {
      if (reader.hasEnded()) break;
      if (!task.stdin.write(piece)) await reader.ready();
    }
    task.stdin.end();
    const { exitCode, stderr } = await task.ended;
    isOver = true;
    if (exitCode !== 0) throw failed(box, "filled", exitCode, stderr);
  } finally {
    if (!isOver) await ended(task);
  }
}

/** Whoever reads a stream: when they take more, and whether they take nothing any more. */
function readerOf(stream: NodeJS.WritableStream) {
  let isOver = false;
  let wake = (): void => undefined;
  for (const event of ["drain", "error", "close"]) {
    stream.on(event, () => {
      isOver ||= event !== "drain";
      wake();
    });
  }
  const ready = async () => {
    if (isOver) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  };
  return { ready, hasEnded: () => isOver };
}

/** Ends a task whose end nobody waits for. */
async function ended(task: BoxPipe): Promise<void> {
  task.kill();
  await task.ended.catch(() => undefined);
}

function failed({ name }: Home, what: string, exitCode: number, stderr: string): DevboxError {
  const why = stderr === "" ? `exit code ${String(exitCode)}` : stderr;
  if (/no space left on device|disk quota exceeded/i.test(stderr)) {
    return new DevboxError("HOST_DISK", "the disk is full.", { why, next: ["devbox-ctl volume list"] });
  }
  return new DevboxError("ENGINE_FAILED", `the home of ${name} could not be ${what}.`, {
    why,
    next: ["devbox-ctl doctor"],
  });
}
