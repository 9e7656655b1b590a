import { closeSync, openSync, readFileSync, readSync, statfsSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import type { HostFree } from "../../core/limits.ts";
import type { ProcessIdentity } from "../../core/operation.ts";
import { KIB } from "../../core/size.ts";
import { type Millis, SECOND } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Host } from "../../ports/host.ts";
import { readText, tokenProcesses } from "./processes.ts";
import { rootlessSetup } from "./rootless.ts";

const ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Milliseconds between two looks for an orphaned engine process. */
const ORPHAN_POLL = 50;

/** This Linux machine, from /proc. */
export function createHost(clock: Clock): Host {
  return {
    name: () => hostname(),
    cores: () => availableParallelism(),
    free: (storage) => ({ memory: availableMemory(), ...(storage === undefined ? NOTHING_KNOWN : freeDisk(storage)) }),
    uptime,
    self: () => identify(process.pid) ?? { pid: process.pid, startTicks: "unknown", bootId: bootId() },
    isAlive: (other) => {
      if (other.bootId !== bootId()) return false;
      const now = identify(other.pid);
      return now?.startTicks === other.startTicks;
    },
    waitForOrphans: async (token, limit) => {
      const end = clock.monotonic() + limit;
      while (tokenProcesses(token).length > 0) {
        if (clock.monotonic() > end) return false;
        await clock.sleep(ORPHAN_POLL);
      }
      return true;
    },
    rootlessSetup: (user) => rootlessSetup(user, process.getuid?.() ?? -1),
    // A letter first: ids become parts of names.
    newId: (length) =>
      Array.from({ length }, (_, i) => ID_LETTERS[randomBelow(i === 0 ? 26 : ID_LETTERS.length)] ?? "a").join(""),
  };
}

/**
 * A random number below a limit of at most 256, every one as likely. From the kernel by itself:
 * loading node:crypto for these few bytes would cost every command 3 ms.
 */
function randomBelow(limit: number): number {
  const random = openSync("/dev/urandom", "r");
  try {
    const byte = Buffer.alloc(1);
    const fair = 256 - (256 % limit);
    do readSync(random, byte, 0, 1, null);
    while (byte.readUInt8() >= fair);
    return byte.readUInt8() % limit;
  } finally {
    closeSync(random);
  }
}

/** Bytes of memory to be had without swapping; everything when the kernel does not say. */
function availableMemory(): HostFree["memory"] {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readText("/proc/meminfo") ?? "")?.[1];
  return kib === undefined ? Number.MAX_SAFE_INTEGER : Number(kib) * KIB;
}

const NOTHING_KNOWN = { disk: undefined, inodes: undefined };

/** Bytes and files that this account may still write in the file system of a directory. */
function freeDisk(path: string): Omit<HostFree, "memory"> {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(path);
    // Btrfs and others make inodes as they are needed, and say 0.
    return { disk: bavail * bsize, inodes: files === 0 ? undefined : { free: ffree, total: files } };
  } catch {
    // Not made yet, or not ours to look at (another account's storage): then there is no figure.
    return NOTHING_KNOWN;
  }
}

/** The kernel's time since boot that goes on while the machine sleeps (proc(5)), to a hundredth of a second. */
const uptime = (): Millis => Math.round(Number.parseFloat(readFileSync("/proc/uptime", "utf8")) * SECOND);

let knownBootId: string | undefined;

function bootId(): string {
  knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return knownBootId;
}

/** Field 22 of /proc/PID/stat (proc(5)); the command in field 2 may hold blanks and brackets. */
function identify(pid: number): ProcessIdentity | undefined {
  const stat = readText(`/proc/${String(pid)}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTicks = fields[19];
  // A zombie holds its number but can do nothing any more.
  if (startTicks === undefined || fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, startTicks, bootId: bootId() };
}
