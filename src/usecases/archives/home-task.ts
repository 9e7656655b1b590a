import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { type Millis, spanText } from "../../core/time.ts";
import type { BoxPipe, HomeTask } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";
import { engineFacts, unenforcedBy } from "../engine-facts.ts";

/** Bytes that {@link runOnHome} reads of an answer. */
const MOST = 4 * 1024 * 1024;

/** What a task on a home needs. */
export type TaskDeps = Pick<Deps, "engine" | "config" | "ledger" | "host">;

/**
 * Starts a program over the home of a box that does not run and whose lease is held: in the box's own image, or in the
 * configured one where that is gone. It may take what the box might, because what it reads is its user's.
 * @throws {DevboxError} IMAGE_NOT_FOUND when neither is here, the ENGINE_ codes
 */
export async function startOnHome(
  deps: TaskDeps,
  box: Pick<BoxRecord, "id" | "name" | "spec">,
  program: Pick<HomeTask, "argv" | "user" | "readOnly">,
): Promise<BoxPipe> {
  const image = await imageFor(deps, box);
  const { home, idmap, memory, pids } = box.spec;
  const limits = { memory, pids, unenforced: unenforcedBy(await engineFacts(deps)) };
  // A killed command may have left one that is still at work on this home.
  await deps.engine.endHomeTasks(box.id);
  return deps.engine.homeTask({ ...program, image, home, idmap, limits, token: box.id });
}

/**
 * Runs such a program to its end, for an answer of a few lines.
 * @param program.limit milliseconds that it has in all
 * @returns its exit code, what it printed (cut at 4 MiB), and the last lines of what it said beside, printable
 * @throws {DevboxError} as {@link startOnHome}; ENGINE_TIMEOUT
 */
export async function runOnHome(
  deps: TaskDeps,
  box: Pick<BoxRecord, "id" | "name" | "spec">,
  { limit, ...program }: Pick<HomeTask, "argv" | "user" | "readOnly"> & { readonly limit: Millis },
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const task = await startOnHome(deps, box, program);
  task.stdin.end();
  task.stderr.resume();
  // Of one that is given up, nobody asks how it ended.
  task.ended.catch(() => undefined);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of piecesOf(task, box, { ms: limit, per: "all" })) {
    size += chunk.length;
    if (size > MOST) {
      task.kill();
      break;
    }
    chunks.push(chunk);
  }
  return { ...(await task.ended), stdout: Buffer.concat(chunks).toString("utf8") };
}

/**
 * What a task prints. One that takes too long is ended: it must not keep a whole run of the reaper.
 * @param limit milliseconds that it has for all of it, or between two pieces
 * @throws {DevboxError} ENGINE_TIMEOUT
 */
export async function* piecesOf(
  task: BoxPipe,
  { name }: Pick<BoxRecord, "name">,
  limit: { readonly ms: Millis; readonly per: "all" | "piece" },
): AsyncGenerator<Buffer> {
  const late = new AbortController();
  // Without its streams the loop ends. A race against a promise would keep every piece until the last one.
  const giveUp = () => {
    late.abort();
    task.kill();
  };
  let timer = setTimeout(giveUp, limit.ms);
  try {
    for await (const piece of task.stdout as AsyncIterable<Buffer>) {
      // Only its own time counts, not that of whoever takes the piece.
      if (limit.per === "piece") clearTimeout(timer);
      yield piece;
      if (limit.per === "piece") timer = setTimeout(giveUp, limit.ms);
    }
  } catch (error) {
    throw late.signal.aborted ? tooSlow(name, limit.ms) : error;
  } finally {
    clearTimeout(timer);
  }
  if (late.signal.aborted) throw tooSlow(name, limit.ms);
}

function tooSlow(name: string, limit: Millis): DevboxError {
  return new DevboxError("ENGINE_TIMEOUT", `what looks at the home of ${name} does not answer.`, {
    why: `It had ${spanText(limit)}, and was ended.`,
    next: ["Look whether the disk works: devbox-ctl doctor", `Or at the image that ${name} is made of`],
  });
}

async function imageFor({ engine, config }: Pick<Deps, "engine" | "config">, box: Pick<BoxRecord, "name" | "spec">) {
  for (const image of [box.spec.image, config.image]) if (await engine.imageExists(image)) return image;
  throw new DevboxError("IMAGE_NOT_FOUND", `there is no image to read the home of ${box.name} with.`, {
    why: `Neither ${quote(box.spec.image)}, which the box was made of, nor ${quote(config.image)} is here.`,
    next: ["devbox-ctl image build", "devbox-ctl image list"],
  });
}
