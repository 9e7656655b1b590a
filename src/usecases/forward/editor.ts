import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import type { BoxService } from "../../core/services.ts";
import { printable } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { servicesOf } from "../services.ts";

const SERVICE = "code-server";
/** How long a service that is starting is waited for, and how often it is asked. */
const WAIT = { most: 60 * SECOND, every: 500 };

/**
 * Waits until a box's code-server answers.
 * @returns false when the user did not want to wait any more
 * @throws {DevboxError} WRONG_STATE when it is off or not in the image, NOT_READY when it does not come up
 */
export async function throwUnlessReady(deps: Deps, box: BoxRecord): Promise<boolean> {
  const since = deps.clock.monotonic();
  deps.progress.begin(`${SERVICE} answers`);
  for (;;) {
    const report = await reportOf(deps, box);
    if (deps.interrupt.aborted) return false;
    const waited = deps.clock.monotonic() - since;
    switch (report?.state) {
      case "ready":
        deps.progress.done();
        return true;
      case "starting":
        if (waited > WAIT.most) throw notReady(box.name, report, `did not answer within ${WAIT.most / SECOND} s`);
        await deps.clock.sleep(WAIT.every, deps.interrupt);
        break;
      case "stopped":
        throw new DevboxError("WRONG_STATE", `${SERVICE} is off in ${box.name}.`, {
          next: [`devbox-ctl status ${box.name}`, "How it is turned on again: docs/services.md"],
        });
      case "failing":
        throw notReady(box.name, report, "keeps failing");
      default:
        throw absent(box);
    }
  }
}

/** @returns undefined when the box knows no such service */
async function reportOf(deps: Deps, { containerId = "" }: BoxRecord): Promise<BoxService | undefined> {
  return (await servicesOf(deps, containerId))?.find(({ name }) => name === SERVICE);
}

function notReady(name: string, { lines }: BoxService, what: string): DevboxError {
  return new DevboxError("NOT_READY", `${SERVICE} of ${name} ${what}.`, {
    why: lines.length === 0 ? undefined : lines.join("\n"),
    next: [
      `See its log: devbox-ctl logs ${name} --service ${SERVICE}`,
      `Start the box anew: devbox-ctl restart ${name}`,
    ],
  });
}

function absent({ name, spec }: BoxRecord): DevboxError {
  return new DevboxError("WRONG_STATE", `${name} has no ${SERVICE}.`, {
    why: `Its image (${printable(spec.image)}) is without it.`,
    next: [
      "Build one that has it: devbox-ctl image build",
      `Then: devbox-ctl rebuild ${name}   (its home stays)`,
      `Work in a terminal: devbox-ctl ssh ${name}`,
    ],
  });
}
