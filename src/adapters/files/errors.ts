import { DevboxError, messageOf } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

const FREE_SPACE = ["Free some space where the copy goes, then run it again"];

/** What the kernel said about a local path, in the house's terms; anything else is given back as it is. */
export function localError(error: unknown, path: string): unknown {
  if (error instanceof DevboxError) return error;
  const why = messageOf(error);
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case "ENOENT":
      return new DevboxError("NO_SUCH_FILE", `there is no ${quote(path)} on this machine.`, { why });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new DevboxError("NOT_PERMITTED", `you may not use ${quote(path)}.`, {
        why,
        next: ["Give yourself the right to it, or name another path"],
      });
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new DevboxError("HOST_DISK", `there is no space left for ${quote(path)}.`, { why, next: FREE_SPACE });
    case "ENOTDIR":
    case "EISDIR":
    case "EEXIST":
    case "ENOTEMPTY":
    case "EXDEV":
    case "EBUSY":
    case "ETXTBSY":
      return new DevboxError("WRONG_STATE", `${quote(path)} cannot be written to as it is.`, { why });
    case "ENAMETOOLONG":
    case "ELOOP":
    case "ERR_INVALID_ARG_VALUE":
      return new DevboxError("INVALID_PATH", `${quote(path)} is not a path.`, { why });
    default:
      return error;
  }
}

/** Runs something that touches a local path. @throws {DevboxError} */
export async function onPath<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw localError(error, path);
  }
}

/** The error for a file in a directory's place and the other way round. */
export function clash(path: string, is: string): DevboxError {
  return new DevboxError("WRONG_STATE", `${quote(path)} is ${is}.`, {
    why: "A copy replaces files by files and adds to directories, nothing else.",
    next: ["Name another target, or remove that one first"],
  });
}

/** The error for a tar that failed while a directory was read or written. */
export function tarError(doing: "read" | "unpacked", path: string, words: string): DevboxError {
  if (/no space left|quota exceeded/i.test(words)) {
    return new DevboxError("HOST_DISK", `there is no space left for ${quote(path)}.`, { why: words, next: FREE_SPACE });
  }
  if (doing === "read" || /permission denied|not permitted|read-only file system/i.test(words)) {
    return new DevboxError("NOT_PERMITTED", `not all of ${quote(path)} could be ${doing}.`, {
      why: words,
      next: ["Nothing was copied; leave out what is named above, or give yourself the right to it"],
    });
  }
  return new DevboxError("ENGINE_GARBAGE", "what came from the box is not a copy of a directory.", {
    why: words,
    next: ["Nothing of it was kept; run it again"],
  });
}
