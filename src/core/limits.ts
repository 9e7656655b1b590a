import type { Config } from "./config/config.ts";
import { DevboxError } from "./errors.ts";
import { formatSize, MIB, parseSize } from "./size.ts";
import { quote } from "./text.ts";

/** Least memory of a box, in bytes: below this the supervisor and a shell do not fit. */
export const MIN_MEMORY = 64 * MIB;
/** Least CPU share of a box, in cores: the engine takes 0.01, but a box with that cannot start in time. */
const MIN_CPUS = 0.1;

/** What the host has left, read just before a slot is taken. */
export interface HostFree {
  /** Bytes of memory that can be had without swapping (MemAvailable). */
  readonly memory: number;
  /** Bytes free for the account where the engine keeps its storage; undefined when that is not known yet. */
  readonly disk: number | undefined;
  /** Files that can still be made there, of all that there can be; undefined where that is not known or not limited. */
  readonly inodes?: { readonly free: number; readonly total: number } | undefined;
}

/** Least part of a file system's inodes that create and start must leave: a full table breaks everyone's boxes. */
const INODES_LEFT = 0.02;

/** Boxes that hold slots right now, in what the limits count. */
export interface Usage {
  readonly owner: number;
  readonly global: number;
  readonly ownerNames: readonly string[];
  /** Bytes promised to boxes that are being started at this moment and do not use them yet. */
  readonly promised: number;
}

type Limits = Config["limits"];

/** The most boxes a user may have. */
export function boxesAllowed(config: Config, owner: string): number {
  return config.users[owner]?.limits?.boxes ?? config.limits.perUser;
}

/**
 * Whether one more box fits under the counts.
 * @param asker who is told: an administrator may act for the owner
 * @throws {DevboxError} LIMIT_PER_USER or LIMIT_GLOBAL
 */
export function checkCounts(config: Config, owner: string, usage: Usage, asker = owner): void {
  const allowed = boxesAllowed(config, owner);
  const counted = config.limits.counts === "existing" ? "Stopped boxes count too." : "Only running boxes count.";
  const free = config.limits.counts === "existing" ? "devbox-ctl destroy NAME [--keep-volume]" : "devbox-ctl stop NAME";
  if (usage.owner >= allowed) {
    const names = usage.ownerNames.length > 0 ? ` (${usage.ownerNames.join(", ")})` : "";
    throw new DevboxError(
      "LIMIT_PER_USER",
      `${asker === owner ? "you have" : `${owner} has`} ${boxCount(usage.owner)}, the most that a user may have here${names}.`,
      { why: counted, next: [`Free one: ${free}`, "Or ask an administrator for a higher limit (limits.perUser)"] },
    );
  }
  if (usage.global >= config.limits.global) {
    throw new DevboxError("LIMIT_GLOBAL", `this host has ${boxCount(usage.global)}, the most that it may have.`, {
      why: counted,
      next: [`Free one of yours: ${free}`, "Or ask an administrator (limits.global)"],
    });
  }
}

function boxCount(n: number): string {
  return n === 1 ? "1 box" : `${String(n)} boxes`;
}

/**
 * Whether the host keeps its reserve when a box with this much memory is started.
 * @throws {DevboxError} HOST_MEMORY or HOST_DISK
 */
export function checkReserve(limits: Limits, memory: number, free: HostFree, promised: number): void {
  const left = free.memory - promised - memory;
  if (left < limits.reserve.memory) {
    const promises = promised > 0 ? `, ${formatSize(promised)} of it promised to boxes that are starting` : "";
    throw new DevboxError("HOST_MEMORY", "the host has too little memory left to start this box.", {
      why:
        `The box may use ${formatSize(memory)}; ${formatSize(free.memory)} are free${promises}; ` +
        `${formatSize(limits.reserve.memory)} must be left to the host.`,
      next: [
        "Stop a box that you do not need: devbox-ctl stop NAME",
        "Or create a box with less: devbox-ctl create NAME --memory 1GiB",
      ],
    });
  }
  checkDisk(limits, free);
}

/**
 * Whether the engine's storage keeps its reserve.
 * @throws {DevboxError} HOST_DISK
 */
export function checkDisk(limits: Limits, free: HostFree): void {
  const { inodes } = free;
  if (inodes !== undefined && inodes.free < inodes.total * INODES_LEFT) {
    throw new DevboxError("HOST_DISK", "the host has too few inodes left.", {
      why: `${String(inodes.free)} more files can be made where boxes are kept, of ${String(inodes.total)} in all.`,
      next: ["Remove what has many small files: devbox-ctl volume list", "What has them: du --inodes -d 2"],
    });
  }
  if (free.disk === undefined || free.disk >= limits.reserve.disk) return;
  throw new DevboxError("HOST_DISK", "the host has too little disk left.", {
    why: `${formatSize(free.disk)} are free where boxes are kept; ${formatSize(limits.reserve.disk)} must be left to the host.`,
    next: ["Destroy a box or remove a volume that you do not need: devbox-ctl volume list"],
  });
}

/**
 * CPU cores asked for by `--cpus`, within what one box may have and the host has.
 * @throws {DevboxError} INVALID_SPEC, LIMIT_CPUS or HOST_CPU
 */
export function checkCpus(text: string, limits: Limits, hostCores: number): number {
  const cpus = /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  const problem = Number.isNaN(cpus)
    ? "is not a number of cores"
    : cpus === 0
      ? "is zero"
      : cpus < 0
        ? "is negative"
        : cpus < MIN_CPUS
          ? `is too little to start in (at least ${String(MIN_CPUS)})`
          : undefined;
  if (problem !== undefined) {
    throw new DevboxError("INVALID_SPEC", `--cpus ${quote(text)} ${problem}.`, {
      next: ["Give a number of cores, for example: --cpus 2 or --cpus 0.5"],
    });
  }
  if (cpus > limits.maxCpus) {
    throw new DevboxError("LIMIT_CPUS", `a box may have at most ${String(limits.maxCpus)} CPU cores here.`, {
      why: `--cpus ${quote(text)} is over limits.maxCpus.`,
      next: [`Try: --cpus ${String(Math.min(limits.maxCpus, hostCores))}`],
    });
  }
  if (cpus > hostCores) {
    throw new DevboxError("HOST_CPU", `this host has ${String(hostCores)} CPU cores.`, {
      why: `--cpus ${quote(text)} asks for more.`,
      next: [`Try: --cpus ${String(hostCores)}`],
    });
  }
  return cpus;
}

/**
 * Bytes of memory asked for by `--memory`, within what one box may have.
 * @throws {DevboxError} INVALID_SPEC or LIMIT_MEMORY
 */
export function checkMemory(text: string, bytes: number, limits: Limits): number {
  if (bytes < MIN_MEMORY) {
    throw new DevboxError("INVALID_SPEC", `--memory ${quote(text)} is too little for a box.`, {
      why: `A box needs at least ${formatSize(MIN_MEMORY)}.`,
      next: ["Try: --memory 1GiB"],
    });
  }
  if (bytes > limits.maxMemory) {
    throw new DevboxError("LIMIT_MEMORY", `a box may have at most ${formatSize(limits.maxMemory)} of memory here.`, {
      why: `--memory ${quote(text)} is over limits.maxMemory.`,
      next: [`Try: --memory ${sizeWithin(limits.maxMemory)}`],
    });
  }
  return bytes;
}

/** A size to be typed that is at most this many bytes; what a person reads is rounded and may be more. */
function sizeWithin(bytes: number): string {
  const shown = formatSize(bytes).replace(" ", "");
  const parsed = parseSize(shown);
  return "bytes" in parsed && parsed.bytes <= bytes ? shown : `${String(Math.floor(bytes / MIB))}MiB`;
}

/** CPU cores of a box that did not ask: the configured default, or all cores of a smaller host. */
export function defaultCpus(limits: Limits, hostCores: number): number {
  return Math.min(limits.cpus, hostCores);
}
