import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { printable } from "../../core/text.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";

const SERVICE = "code-server";
/** How long a service that is starting is waited for, and how often it is asked. */
const WAIT = { most: 60 * SECOND, every: 500 };

/** What a box says of one of its services; words and lines are its own and hostile. */
interface ServiceReport {
  readonly name: string;
  readonly state: string;
  readonly lines: readonly string[];
}

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
          next: [`devbox-ctl status ${box.name}`],
        });
      case "failing":
        throw notReady(box.name, report, "keeps failing");
      default:
        throw absent(box);
    }
  }
}

/** @returns undefined when the box knows no such service */
async function reportOf(deps: Deps, { containerId = "" }: BoxRecord): Promise<ServiceReport | undefined> {
  const argv = [IMAGE.programs.services, "list"];
  const { exitCode, stdout } = await deps.engine.runProgram(containerId, { argv, user: "root" });
  if (exitCode !== 0) return undefined;
  return parseServices(stdout).find(({ name }) => name === SERVICE);
}

/** What `services list` prints, as far as it is needed here; nothing when it is something else. */
export function parseServices(text: string): ServiceReport[] {
  const { services } = record(parsed(text));
  if (!Array.isArray(services)) return [];
  return services.map((entry: unknown) => {
    const { name, state, lines } = record(entry);
    const words = Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
    return { name: String(name), state: String(state), lines: words.slice(-5).map((line) => printable(line)) };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function notReady(name: string, { lines }: ServiceReport, what: string): DevboxError {
  return new DevboxError("NOT_READY", `${SERVICE} of ${name} ${what}.`, {
    why: lines.length === 0 ? undefined : lines.join("\n"),
    next: [`See its log: devbox-ctl logs ${name}`, `Start the box anew: devbox-ctl restart ${name}`],
  });
}

function absent({ name, spec }: BoxRecord): DevboxError {
  return new DevboxError("WRONG_STATE", `${name} has no ${SERVICE}.`, {
    why: `Its image (${printable(spec.image)}) is without it.`,
    next: ["Build one that has it: devbox-ctl image build", `Work in a terminal: devbox-ctl ssh ${name}`],
  });
}
