import type { BoxRecord } from "../core/box.ts";
import { DevboxError } from "../core/errors.ts";
import { IMAGE } from "../core/image-contract.ts";
import type { Deps } from "./deps.ts";
import type { Step } from "./journal.ts";
import { needContainer } from "./steps.ts";

/** Seconds that a box is given to become ready, services and all; a cold one on a slow disk takes a few. */
const READY_LIMIT = 60;

/** How a box that starts becomes ready. */
export interface Readiness {
  /** Waits until people can be let in. */
  readonly shell: Step;
  /**
   * Waits until the services answer. One that does not is no reason to undo or give up an operation: the box can be
   * used, and the service is started again and again.
   */
  readonly services: Step;
  /**
   * Waits for one service, after `shell`.
   * @returns what there is to say of those that do not answer, when it is among them; undefined when it answers
   */
  readonly service: (name: string) => Promise<readonly string[] | undefined>;
}

/**
 * Readiness is one question to the box, because each question costs as much as a shell takes to be ready.
 * @param ready is given the names of services as they become ready
 */
export function readiness(deps: Deps, boxId: string, ready: string[] = []): Readiness {
  let asked: Waiting | undefined;
  const waiting = () => (asked ??= ask(deps, boxId, ready));
  return {
    shell: {
      name: "ready",
      title: "Shell ready",
      run: async () => {
        const problems = await waiting().shell;
        if (problems.length > 0) throw notReady(boxOf(deps, boxId), problems);
        return {};
      },
    },
    services: {
      name: "services",
      title: "Services ready",
      run: async () => {
        const problems = await waiting().services;
        if (problems.length > 0) return { problem: servicesNotReady(boxOf(deps, boxId), problems) };
        ready.sort((a, b) => rank(a) - rank(b));
        return { detail: ready.length === 0 ? "none in this image" : ready.join(", ") };
      },
    },
    service: (name) => waiting().service(name),
  };
}

/** The contract's services first, in its order; which is ready first differs from one time to the next. */
function rank(service: string): number {
  const place = Object.keys(IMAGE.services).indexOf(service);
  return place === -1 ? Number.MAX_SAFE_INTEGER : place;
}

interface Waiting {
  /** What keeps people out, when that is known; empty when they can be let in. */
  readonly shell: Promise<readonly string[]>;
  readonly services: Promise<readonly string[]>;
  readonly service: Readiness["service"];
}

function ask(deps: Deps, boxId: string, ready: string[]): Waiting {
  const shell = Promise.withResolvers<readonly string[]>();
  const answering = new Map<string, () => void>();
  const containerId = needContainer(boxOf(deps, boxId));
  const onReady = (what: string) => {
    if (what === "shell") {
      shell.resolve([]);
    } else {
      ready.push(what);
      deps.progress.begin(`${what} is ready`);
      answering.get(what)?.();
    }
  };
  const services = deps.engine.waitReady(containerId, { seconds: READY_LIMIT, token: boxId, onReady });
  // Whatever is wrong when the box never said that its shell is ready keeps people out.
  services.then(shell.resolve, shell.reject);
  // Who carries a command on from here asks for the services alone.
  shell.promise.catch(() => undefined);
  return {
    shell: shell.promise,
    services,
    service: async (name) => {
      if (ready.includes(name)) return undefined;
      const answers = new Promise<undefined>((resolve) => {
        answering.set(name, () => {
          resolve(undefined);
        });
      });
      return Promise.race([answers, services.then((problems) => (ready.includes(name) ? undefined : problems))]);
    },
  };
}

/** Read at run time, because a step before may have made the container. */
function boxOf(deps: Deps, boxId: string): BoxRecord {
  const box = deps.ledger.boxById(boxId);
  if (box === undefined) throw new DevboxError("BOX_NOT_FOUND", "the box is gone.");
  return box;
}

function notReady({ name, spec }: BoxRecord, problems: readonly string[]): DevboxError {
  const isOld = problems.some((line) => line.includes("usage: ready"));
  return new DevboxError("NOT_READY", `${name} did not become ready.`, {
    why: isOld ? `The image ${spec.image} keeps an older image contract than this program.` : problems.join("\n"),
    next: isOld
      ? ["Make today's image: devbox-ctl image build", `Then: devbox-ctl rebuild ${name}   (its home stays)`]
      : [`devbox-ctl logs ${name}`, `devbox-ctl restart ${name}`],
  });
}

function servicesNotReady({ name }: BoxRecord, problems: readonly string[]): DevboxError {
  return new DevboxError("SERVICE_NOT_READY", `${name} can be used, but not all of its services answer.`, {
    why: problems.join("\n"),
    next: [`See how they are, and what they said last: devbox-ctl status ${name}`, `devbox-ctl ssh ${name}`],
  });
}
