import { randomBytes } from "node:crypto";
import process from "node:process";

/** Everything a test makes in Podman carries this in its name or labels, so that it can be found and removed. */
export const PREFIX = "dbxtest-";

/** This run's own prefix: the id of the process that runs the tests, so that leftovers of dead runs are known as such. */
export const runPrefix = (): string => process.env.DEVBOX_TEST_RUN ?? `${PREFIX}${process.pid.toString(36)}-`;

/** A name that no other test has, good as the name of a box; `hint` says whose it is. */
export const testName = (hint = "box"): string => `${runPrefix()}${hint}-${randomBytes(3).toString("hex")}`;

/** The user of this run's rootless tests. */
export const runUser = (): string => runPrefix().replace(/-$/, "");

/** The run prefix inside a text such as a name or a label, or undefined when it is not a test's. */
export const runPrefixIn = (text: string): string | undefined => /dbxtest-[0-9a-z]+-/.exec(text)?.[0];

/** Whether the process behind a run prefix is still there. */
export function isRunAlive(prefix: string): boolean {
  const pid = Number.parseInt(prefix.slice(PREFIX.length, -1), 36);
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
