import { DevboxError, hasCode, messageOf } from "../../core/errors.ts";

/** The error for an archive that is not what it should be. */
export function damaged(id: string, why: string, cause?: unknown): DevboxError {
  return new DevboxError("ARCHIVE_DAMAGED", `the archive ${id} is damaged.`, {
    why,
    next: [
      "What can be saved of it, an administrator can unpack",
      `When it is of no use: devbox-ctl archive remove ${id}`,
    ],
    cause,
  });
}

/** The same for somebody who can get at the file: how to unpack what is left. Other errors pass. */
export function withUnpacking(error: unknown, command: string): unknown {
  if (!hasCode(error, "ARCHIVE_DAMAGED")) return error;
  const { code, message, why, next, cause } = error;
  return new DevboxError(code, message, {
    why,
    next: [`What can be saved of it: ${command}`, ...next.slice(1)],
    cause,
  });
}

/** What a failed call on a file of the directory means; errors of ours pass. */
export function meaning(dir: string, error: unknown): unknown {
  if (error instanceof DevboxError) return error;
  switch ((error as { code?: unknown }).code) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new DevboxError("HOST_DISK", "the disk where archives lie is full.", {
        why: messageOf(error),
        next: ["Remove an archive that you do not need: devbox-ctl archive list", "Or a box, or a volume"],
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
    case "EIO":
      return new DevboxError("STATE_UNWRITABLE", `archives cannot be kept in ${dir}.`, {
        why: messageOf(error),
        next: [`Look at it: ls -ld ${dir}`, "Or choose another place: lifecycle.archive.dir"],
        cause: error,
      });
    default:
      return error;
  }
}
