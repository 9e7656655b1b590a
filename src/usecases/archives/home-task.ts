import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { BoxPipe, HomeTask } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";

/** Bytes that {@link runOnHome} reads of an answer. */
const MOST = 4 * 1024 * 1024;

/**
 * Starts a program over the home of a box that does not run and whose lease is held: in the box's own image, or in the
 * configured one where that is gone.
 * @throws {DevboxError} IMAGE_NOT_FOUND when neither is here, the ENGINE_ codes
 */
export async function startOnHome(
  deps: Pick<Deps, "engine" | "config">,
  box: Pick<BoxRecord, "id" | "name" | "spec">,
  program: Pick<HomeTask, "argv" | "user" | "readOnly">,
): Promise<BoxPipe> {
  const image = await imageFor(deps, box);
  // A killed command may have left one that is still at work on this home.
  await deps.engine.endHomeTasks(box.id);
  return deps.engine.homeTask({ ...program, image, home: box.spec.home, idmap: box.spec.idmap, token: box.id });
}

/**
 * Runs such a program to its end, for an answer of a few lines.
 * @returns its exit code, what it printed (cut at 4 MiB), and the last lines of what it said beside, printable
 */
export async function runOnHome(
  deps: Pick<Deps, "engine" | "config">,
  box: Pick<BoxRecord, "id" | "name" | "spec">,
  program: Pick<HomeTask, "argv" | "user" | "readOnly">,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const task = await startOnHome(deps, box, program);
  task.stdin.end();
  task.stderr.resume();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of task.stdout as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST) {
      task.kill();
      break;
    }
    chunks.push(chunk);
  }
  return { ...(await task.ended), stdout: Buffer.concat(chunks).toString("utf8") };
}

async function imageFor({ engine, config }: Pick<Deps, "engine" | "config">, box: Pick<BoxRecord, "name" | "spec">) {
  for (const image of [box.spec.image, config.image]) if (await engine.imageExists(image)) return image;
  throw new DevboxError("IMAGE_NOT_FOUND", `there is no image to read the home of ${box.name} with.`, {
    why: `Neither ${quote(box.spec.image)}, which the box was made of, nor ${quote(config.image)} is here.`,
    next: ["devbox-ctl image build", "devbox-ctl image list"],
  });
}
