import type { ContainerState } from "../core/box.ts";
import type { IdMapping } from "../core/id-mapping.ts";
import type { ObjectIdentity } from "../core/labels.ts";
import type { BoxSpec } from "../core/spec.ts";
import type { Millis } from "../core/time.ts";

/** What the engine is and can do; found out once and kept until the engine changes. */
export interface EngineFacts {
  readonly version: string;
  readonly rootless: boolean;
  readonly cgroupVersion: "v1" | "v2";
  /** Controllers that boxes' limits can use: some of cpu, memory, pids. */
  readonly controllers: readonly string[];
  readonly storageDriver: string;
  /** Directory under which images, containers and volumes are kept. */
  readonly storageDir: string;
  readonly runtime: string;
  readonly network: string;
  /** What gives each box a network of its own; undefined when neither is installed. */
  readonly boxNetwork: "pasta" | "slirp4netns" | undefined;
}

/** A limit that the engine takes and then does not enforce. */
export type UnenforcedLimit = "cpus" | "memory" | "pids";

/** A container of ours as the engine lists it. */
export interface EngineBox {
  readonly containerId: string;
  readonly identity: ObjectIdentity;
  readonly state: ContainerState;
  readonly image: string;
  readonly startedAt: Millis | undefined;
  readonly exitedAt: Millis | undefined;
  readonly exitCode: number;
}

/** One container, closely. */
export interface EngineBoxDetail {
  readonly state: ContainerState;
  readonly pid: number | undefined;
  readonly address: string | undefined;
  readonly imageId: string;
  readonly startedAt: Millis | undefined;
  readonly exitedAt: Millis | undefined;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
}

/** What a running box uses at the moment. */
export interface BoxUsage {
  /** Per cent of one core. */
  readonly cpuPercent: number | undefined;
  /** Bytes. */
  readonly memory: number | undefined;
  readonly pids: number | undefined;
}

/** What is counted of a running box since it was started. Undefined: this engine does not say. */
export interface BoxCounters {
  /** Of its cgroup. */
  readonly cpuSeconds: number | undefined;
  /** In and out, of its own network. */
  readonly networkBytes: number | undefined;
}

export interface EngineVolume {
  readonly name: string;
  readonly identity: ObjectIdentity;
  readonly createdAt: Millis | undefined;
  readonly mountpoint: string;
}

export interface EngineImage {
  readonly id: string;
  readonly names: readonly string[];
  readonly createdAt: Millis | undefined;
  /** Bytes. */
  readonly size: number;
  /** Version of the image contract it says it keeps. */
  readonly contract: string;
  /** SHA-256 over what determined it; undefined for an image that was not built by devbox-ctl. */
  readonly key: string | undefined;
  /** What it was put together from; empty for an image that does not say. */
  readonly parts: readonly string[];
}

/** What an image says of itself; empty where it says nothing. */
export interface ImageSettings {
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly stopSignal: string;
  readonly user: string;
  /** Paths that the engine would make anonymous volumes for. */
  readonly volumes: readonly string[];
}

/** A box's objects to be made. */
export interface NewContainer {
  readonly name: string;
  readonly hostname: string;
  readonly spec: BoxSpec;
  readonly labels: Readonly<Record<string, string>>;
  /** Limits that this engine cannot enforce and would refuse or silently ignore. */
  readonly unenforced: readonly UnenforcedLimit[];
  readonly network: "pasta" | "slirp4netns";
  /** Marks the engine's process; see {@link Host.waitForOrphans}. */
  readonly token: string;
}

/** A program run in a box with the caller's own streams. */
export interface Session {
  readonly containerId: string;
  /** Marks every process of the session, so that it can be ended from outside. */
  readonly sessionId: string;
  /** The command, or undefined for a login shell. */
  readonly command: readonly string[] | undefined;
  readonly tty: boolean;
  /** Environment variables the caller's terminal needs in the box: TERM, LANG and the like. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a session ended: the command's own exit code, or that the engine could not run it. */
interface SessionEnd {
  readonly exitCode: number;
  /** The signal that ended the engine's client, such as SIGHUP when the terminal went away. */
  readonly signal: string | undefined;
}

/** A program in a box whose streams the use case holds. */
export interface BoxPipe {
  readonly stdin: NodeJS.WritableStream;
  /** Ends when the program has ended: engines keep it open when the program closes its own. */
  readonly stdout: NodeJS.ReadableStream;
  /** What it says beside, as it comes. */
  readonly stderr: NodeJS.ReadableStream;
  /** Resolves when it ended; stderr is cut to its last few kilobytes. */
  readonly ended: Promise<{ exitCode: number; stderr: string }>;
  /** Ends the program on the host and in the box. */
  kill(): void;
}

/** A program that is run over a home without its box: in a container of its own, without network. */
export interface HomeTask {
  /** The program is this image's. */
  readonly image: string;
  /** Name of the volume; it is at the place that it has in boxes. */
  readonly home: string;
  /** As the box's, so that its files have their owners. */
  readonly idmap: IdMapping | null;
  readonly argv: readonly string[];
  readonly user: "root" | "dev";
  readonly readOnly: boolean;
  /** Bytes of memory and number of processes, and which of a box's limits this engine does not enforce. */
  readonly limits: { readonly memory: number; readonly pids: number; readonly unenforced: readonly UnenforcedLimit[] };
  /** Id of the box: marks the engine's process, and the container for whoever comes after this process was killed. */
  readonly token: string;
}

/** A program of the image, run to its end with text in and out. */
export interface ProgramRun {
  readonly argv: readonly string[];
  readonly user: "root" | "dev";
  /** Given on standard input, which is the only way by which a secret may enter a box. */
  readonly input?: string;
  /** Milliseconds; the engine's own limit when left out. */
  readonly timeout?: number;
  /** Marks the engine's process; see {@link Host.waitForOrphans}. */
  readonly token?: string;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Printable, its last lines only. */
  readonly stderr: string;
}

export interface ReadyWait {
  readonly seconds: number;
  /** Marks the engine's process; see {@link Host.waitForOrphans}. */
  readonly token: string;
  /** Told once for each thing that became ready: `shell`, when people can be let in, and the names of services. */
  readonly onReady: (what: string) => void;
}

export interface LogRequest {
  readonly follow: boolean;
  readonly tail: number | undefined;
  readonly since: Millis | undefined;
}

/**
 * The thing that runs boxes. All methods have time limits and throw {@link DevboxError}
 * ENGINE_MISSING, ENGINE_TIMEOUT, ENGINE_FAILED or ENGINE_GARBAGE, with the engine's own words in `why`.
 * "Gone" objects are no error where removing is asked.
 */
export interface ContainerEngine {
  facts(): Promise<EngineFacts>;
  /** Changes when the engine or its settings do, so that kept facts can be told stale. Starts nothing. */
  fingerprint(): string;

  /**
   * Waits until the engine's service is through with what processes have asked of it that are gone meanwhile: it goes on
   * without them. At once where there is no service.
   * @param limit milliseconds
   * @returns false when it was still at work then
   */
  settled(limit: number): Promise<boolean>;

  boxes(): Promise<EngineBox[]>;
  /** Undefined when there is no such container. */
  inspect(containerId: string): Promise<EngineBoxDetail | undefined>;
  usage(containerIds: readonly string[]): Promise<ReadonlyMap<string, BoxUsage>>;
  /** Of several boxes at once; those that it does not say anything of are left out. */
  counters(containerIds: readonly string[]): Promise<ReadonlyMap<string, BoxCounters>>;
  /** Makes and, with `start`, starts the container; returns its full id. @throws IMAGE_NOT_FOUND */
  createBox(box: NewContainer, start: boolean): Promise<string>;
  /** Starts a container; a paused one goes on, and one that the engine left while it stopped is stopped first. @throws CONTAINER_GONE */
  startBox(containerId: string, token: string): Promise<void>;
  /** Asks the box to end, also one that is paused, and kills it after `grace` seconds. @throws CONTAINER_GONE */
  stopBox(containerId: string, grace: number, token: string): Promise<void>;
  /** Removes whatever containers carry this box id, running or not; none is no error. */
  removeBox(boxId: string, grace: number, token: string): Promise<void>;
  /** Removes one container, running or not; one that is gone is no error. */
  removeContainer(containerId: string, grace: number, token: string): Promise<void>;
  /** Gives a container another name. @throws CONTAINER_GONE */
  renameBox(containerId: string, name: string, token: string): Promise<void>;
  /** Waits inside the box until its services answer. @returns what is not ready, one line each; empty when ready. */
  waitReady(containerId: string, wait: ReadyWait): Promise<string[]>;

  volumes(): Promise<EngineVolume[]>;
  createVolume(name: string, labels: Readonly<Record<string, string>>, token: string): Promise<void>;
  /** @throws VOLUME_IN_USE */
  removeVolume(name: string, token: string): Promise<void>;
  /** Bytes on disk of volumes, by name. */
  volumeSizes(volumes: readonly EngineVolume[]): Promise<ReadonlyMap<string, number>>;

  /**
   * Whether a container is seen to run without asking the engine, which takes time. One that has just ended may still
   * look so, and one that runs may not.
   */
  looksRunning(containerId: string): boolean;
  session(session: Session): Promise<SessionEnd>;
  /** Sends a signal to every process of a session that is left in the box. */
  endSession(containerId: string, sessionId: string, signal: string): Promise<void>;
  /** Starts a program of the image as dev, with pipes. */
  pipe(containerId: string, argv: readonly string[]): BoxPipe;
  /**
   * Starts a program over a home, with pipes. Its `ended` comes when its container is removed. Exit code 125: the engine
   * could not start it, such as for want of the image; 126 and 127: the image has no such program.
   */
  homeTask(task: HomeTask): BoxPipe;
  /** Removes what killed processes left of tasks with this token, running or not; none is no error. */
  endHomeTasks(token: string): Promise<void>;
  /** Runs a program of the image; its exit code is the caller's to judge. A box that is not running gives 255 or 125. */
  runProgram(containerId: string, run: ProgramRun): Promise<ProgramResult>;
  /** Copies the box's log to the caller's standard output. @returns the exit code of the engine's client */
  logs(containerId: string, request: LogRequest): Promise<number>;

  images(): Promise<EngineImage[]>;
  /** What an image says of itself; undefined when there is none of that name or id. */
  imageSettings(image: string): Promise<ImageSettings | undefined>;
  /** Whether an image of that name or id is on this host. */
  imageExists(image: string): Promise<boolean>;
  /** Makes an image of a root file system archive, with Containerfile-like changes. @returns its id */
  importImage(file: string, changes: readonly string[], tag: string): Promise<string>;
  /** Loads an image archive from a file, or with `-` from standard input. @returns the names it brought. */
  loadImage(file: string): Promise<string[]>;
  /**
   * Makes the copy of an image that boxes with these ids need, where the engine needs one (rootless, on its native
   * overlay): it takes seconds, and would otherwise be made by the first create. It goes with the image.
   */
  prepareImage(image: string, idmap: IdMapping): Promise<void>;
  /** Full ids of images that any container on this engine is made of, also those that are not boxes. */
  usedImages(): Promise<ReadonlySet<string>>;
  /** Removes an image with its one name, or none; one that is gone is no error. @throws IMAGE_IN_USE */
  removeImage(imageId: string): Promise<void>;
  /** Gives an image one more name. */
  tagImage(image: string, tag: string): Promise<void>;
}
