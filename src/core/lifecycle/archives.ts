import type { Config } from "../config/config.ts";
import type { ArchiveConfig } from "../config/lifecycle-config.ts";
import { DevboxError } from "../errors.ts";
import { formatSize } from "../size.ts";
import type { Millis } from "../time.ts";
import type { ArchiveRecord } from "./records.ts";

/**
 * When an archive may be removed: not before its owner was told it would be, and not before today's configuration says
 * so either. Undefined: not by itself.
 */
export function endOf(
  { createdAt, expiresAt }: Pick<ArchiveRecord, "createdAt" | "expiresAt">,
  keep: ArchiveConfig["keep"],
): Millis | undefined {
  return expiresAt === undefined || keep === null ? undefined : Math.max(expiresAt, createdAt + keep);
}

/** Whether an archive's time is over. One from the future was made by a clock that was wrong, as this one may be. */
export function isOver(archive: ArchiveRecord, keep: ArchiveConfig["keep"], now: Millis): boolean {
  const end = endOf(archive, keep);
  return archive.state === "complete" && end !== undefined && now >= archive.createdAt && now >= end;
}

/** What archives take, and what one more would. */
export interface ArchiveUsage {
  /** Those that there are, the one in question left out. */
  readonly archives: readonly Pick<ArchiveRecord, "owner" | "size">[];
  readonly owner: string;
  /** Bytes of the one in question: what it has, or at most may get. */
  readonly size: number;
  /** Bytes that it is to take yet, besides what it has on the disk. */
  readonly toWrite: number;
  /** Bytes that are free where archives lie; undefined where nobody can say. */
  readonly free: number | undefined;
}

/**
 * Whether one more archive fits.
 * @throws {DevboxError} ARCHIVE_QUOTA, HOST_DISK
 */
export function checkArchiveRoom({ lifecycle, limits }: Config, usage: ArchiveUsage): void {
  const { quota, perUser } = lifecycle.archive;
  const { owner, size, archives, free, toWrite } = usage;
  const used = (mine: boolean) =>
    archives.reduce((sum, each) => sum + (mine && each.owner !== owner ? 0 : each.size), 0);
  if (perUser !== null && used(true) + size > perUser) {
    throw noRoom(`the archives of ${owner}`, { used: used(true), size, most: perUser, key: "perUser" });
  }
  if (quota !== null && used(false) + size > quota) {
    throw noRoom("the archives of this host", { used: used(false), size, most: quota, key: "quota" });
  }
  if (free === undefined || free - toWrite >= limits.reserve.disk) return;
  throw new DevboxError("HOST_DISK", "the host has too little disk left for this archive.", {
    why:
      `It may take ${formatSize(toWrite)}${toWrite === size ? "" : " more"}; ${formatSize(free)} are free where archives lie, ` +
      `and ${formatSize(limits.reserve.disk)} must be left to the host.`,
    next: [
      "Remove an archive that you do not need: devbox-ctl archive list",
      "Or keep the home as it is: --keep-volume",
    ],
  });
}

interface Full {
  readonly used: number;
  readonly size: number;
  readonly most: number;
  readonly key: string;
}

function noRoom(whose: string, { used, size, most, key }: Full): DevboxError {
  return new DevboxError("ARCHIVE_QUOTA", `there is no room for this archive among ${whose}.`, {
    why: `They take ${formatSize(used)} of ${formatSize(most)}, and this one may take ${formatSize(size)} (lifecycle.archive.${key}).`,
    next: [
      "Remove one that you do not need: devbox-ctl archive list",
      "Make the home smaller, or keep it as it is: --keep-volume",
      `Or ask an administrator for more: lifecycle.archive.${key}`,
    ],
  });
}
