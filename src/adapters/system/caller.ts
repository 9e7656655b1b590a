import { userInfo } from "node:os";
import type { Caller } from "../../core/caller.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";

/**
 * Who runs this process, from its user id and the password database; never from the environment.
 * @throws {DevboxError} NOT_PERMITTED when the user id has no name.
 */
export function callerFromProcess(): Caller {
  try {
    const { username, uid } = userInfo();
    return { user: username, uid, admin: false, via: "local" };
  } catch (error) {
    throw new DevboxError("NOT_PERMITTED", "This process runs as a user without a name.", {
      why: messageOf(error),
      next: ["Run devbox-ctl as a user that is in /etc/passwd"],
    });
  }
}
