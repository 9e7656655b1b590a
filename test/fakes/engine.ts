import { PassThrough, Readable } from "node:stream";
import { DevboxError } from "../../src/core/errors.ts";
import { identityFrom } from "../../src/core/labels.ts";
import type { ContainerState } from "../../src/core/box.ts";
import type {
  BoxPipe,
  BoxCounters,
  ContainerEngine,
  EngineBoxDetail,
  EngineFacts,
  HomeTask,
  NewContainer,
  ProgramResult,
  ProgramRun,
  ReadyWait,
  Session,
} from "../../src/ports/engine.ts";

const FACTS: EngineFacts = {
  version: "5.4.2",
  rootless: true,
  cgroupVersion: "v2",
  controllers: ["cpu", "memory", "pids"],
  storageDriver: "overlay",
  storageDir: "/nowhere",
  runtime: "crun",
  network: "netavark",
  boxNetwork: "pasta",
};

interface Container {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  state: ContainerState;
}

/** A program that says nothing and ends well. */
function emptyPipe(): BoxPipe {
  const stdin = new PassThrough();
  stdin.resume();
  const empty = () => Readable.from([]);
  return {
    ...{ stdin, stdout: empty(), stderr: empty() },
    ended: Promise.resolve({ exitCode: 0, stderr: "" }),
    kill: () => undefined,
  };
}

/**
 * An engine in memory with Podman's manners: names are unique, a volume in use cannot be removed, a container
 * on a missing volume silently gets a new one. `fault` is asked before (and `after` it is done) by each changing
 * call, and may throw.
 */
export class FakeEngine implements ContainerEngine {
  readonly containers = new Map<string, Container & { name: string; readonly mounts: readonly string[] }>();
  readonly homes = new Map<string, Readonly<Record<string, string>>>();
  readonly calls: string[] = [];
  readonly sessions: Session[] = [];
  engineFacts = FACTS;
  problems: string[] = [];
  /** When containers ended that have, as it says. */
  exitedAt: number | undefined = undefined;
  sessionEnd: { exitCode: number; signal: string | undefined } = { exitCode: 0, signal: undefined };
  fault: (call: string, when: "before" | "after") => void = () => undefined;
  #next = 1;
  readonly #namespace: string;

  constructor(namespace = "devbox") {
    this.#namespace = namespace;
  }

  async #do<T>(call: string, act: () => T): Promise<T> {
    await Promise.resolve();
    this.fault(call, "before");
    this.calls.push(call);
    const result = act();
    this.fault(call, "after");
    return result;
  }

  facts = () => Promise.resolve(this.engineFacts);
  fingerprint = () => "fake";

  boxes() {
    return this.#do("boxes", () =>
      [...this.containers.values()].flatMap(({ id, labels, state, image }) => {
        const identity = identityFrom(this.#namespace, labels);
        const times = { startedAt: undefined, exitedAt: this.exitedAt, exitCode: 0 };
        return identity?.kind === "box" ? [{ containerId: id, identity, state, image, ...times }] : [];
      }),
    );
  }

  inspect(containerId: string): Promise<EngineBoxDetail | undefined> {
    return this.#do("inspect", () => {
      const container = this.containers.get(containerId);
      if (container === undefined) return undefined;
      const none = { pid: undefined, address: undefined, startedAt: undefined, exitedAt: undefined };
      return { state: container.state, imageId: "image", exitCode: 0, outOfMemory: false, ...none };
    });
  }

  usage = () => Promise.resolve(new Map());
  /** What is counted of boxes, by container id. */
  counted = new Map<string, BoxCounters>();
  counters = () => this.#do("counters", () => this.counted);

  createBox(box: NewContainer, start: boolean): Promise<string> {
    return this.#do("createBox", () => {
      if ([...this.containers.values()].some(({ name }) => name === box.name)) {
        throw new DevboxError("ENGINE_FAILED", "podman run failed.", {
          why: `the container name "${box.name}" is in use`,
        });
      }
      const id = String(this.#next).padStart(64, "0");
      this.#next += 1;
      const mounts = [box.spec.home, box.spec.private];
      for (const volume of mounts) if (!this.homes.has(volume)) this.homes.set(volume, {});
      const state = start ? "running" : "created";
      this.containers.set(id, { id, name: box.name, labels: box.labels, image: box.spec.image, state, mounts });
      return id;
    });
  }

  startBox(containerId: string) {
    return this.#do("startBox", () => {
      this.#need(containerId).state = "running";
    });
  }

  stopBox(containerId: string) {
    return this.#do("stopBox", () => {
      this.#need(containerId).state = "exited";
    });
  }

  removeBox(boxId: string) {
    return this.#do("removeBox", () => {
      for (const [id, container] of this.containers) {
        if (container.labels["devbox-ctl.id"] === boxId) this.containers.delete(id);
      }
    });
  }

  removeContainer = (containerId: string) =>
    this.#do("removeContainer", () => {
      this.containers.delete(containerId);
    });

  renameBox = (containerId: string, name: string) =>
    this.#do("renameBox", () => {
      const container = this.#need(containerId);
      if ([...this.containers.values()].some((other) => other.id !== containerId && other.name === name)) {
        throw new DevboxError("ENGINE_FAILED", "podman rename failed.", { why: `the name "${name}" is in use` });
      }
      container.name = name;
    });

  waitReady = (containerId: string, { onReady }: ReadyWait) =>
    this.#do("waitReady", () => {
      this.#need(containerId);
      if (!this.problems.some((problem) => !problem.startsWith("service "))) onReady("shell");
      for (const service of this.services) onReady(service);
      return this.problems;
    });

  volumes() {
    return this.#do("volumes", () =>
      [...this.homes].flatMap(([name, labels]) => {
        const identity = identityFrom(this.#namespace, labels);
        return identity ? [{ name, identity, createdAt: undefined, mountpoint: `/volumes/${name}` }] : [];
      }),
    );
  }

  createVolume(name: string, labels: Readonly<Record<string, string>>) {
    return this.#do("createVolume", () => {
      if (this.homes.has(name)) throw new DevboxError("ENGINE_FAILED", "podman volume create failed.");
      this.homes.set(name, labels);
    });
  }

  removeVolume(name: string) {
    return this.#do("removeVolume", () => {
      if ([...this.containers.values()].some(({ mounts }) => mounts.includes(name))) {
        throw new DevboxError("VOLUME_IN_USE", "the volume is in use.");
      }
      this.homes.delete(name);
    });
  }

  volumeSizes = () => Promise.resolve(new Map<string, number>());

  looksRunning = () => true;
  session(session: Session) {
    return this.#do("session", () => {
      this.sessions.push(session);
      return this.sessionEnd;
    });
  }

  endSession = () => this.#do("endSession", () => undefined);
  pipe = (): never => {
    throw new Error("this fake has no pipes");
  };
  /** What programs of the image answer; by default nothing, with exit code 0. */
  program: (run: ProgramRun, containerId: string) => ProgramResult = () => ({ exitCode: 0, stdout: "", stderr: "" });
  /** Services that are ready in each box. */
  services: readonly string[] = [];
  runProgram = (containerId: string, run: ProgramRun) =>
    this.#do("runProgram", () => {
      this.#need(containerId);
      return this.program(run, containerId);
    });
  /** What tasks on homes do; by default nothing, with exit code 0. */
  task: (task: HomeTask) => BoxPipe = () => emptyPipe();
  homeTask(task: HomeTask): BoxPipe {
    this.fault("homeTask", "before");
    this.calls.push(`homeTask ${task.argv[0] ?? ""}`);
    return this.task(task);
  }
  endHomeTasks = () => this.#do("endHomeTasks", () => undefined);
  logs = () => this.#do("logs", () => 0);
  images = () => Promise.resolve([]);
  imageSettings = () => Promise.resolve(undefined);
  imageExists = () => Promise.resolve(true);
  prepareImage = () => Promise.resolve();
  importImage = () => Promise.resolve("image");
  loadImage = () => Promise.resolve([]);
  usedImages = () => Promise.resolve(new Set<string>());
  removeImage = () => Promise.resolve();
  settled = () => Promise.resolve(true);
  tagImage = () => Promise.resolve();

  #need(containerId: string): Container & { name: string } {
    const container = this.containers.get(containerId);
    if (container) return container;
    throw new DevboxError("CONTAINER_GONE", "the box's container does not exist.");
  }
}
