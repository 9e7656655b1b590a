import type { Deps } from "../usecases/deps.ts";
import { styleFor } from "./style.ts";

/** Commands whose standard error is another program's, although it may be a terminal. */
const OTHERS: readonly string[] = ["complete", "completion", "transfer"];

/** Whether a person reads what a command says beside its result. */
export function isForPerson(id: string, flags: Readonly<Record<string, unknown>>): boolean {
  // `ssh --stdio` is what an SSH client runs, on the terminal of its user.
  return process.stderr.isTTY && !OTHERS.includes(id) && flags.stdio !== true && flags.quiet !== true;
}

/**
 * Says below a command what its caller has to know of their boxes, and records that they saw it. It never fails: what
 * the command did is done.
 */
export async function showNotices(deps: Deps): Promise<void> {
  try {
    const { noticeLines } = await import("../usecases/notices/line.ts");
    for (const { text, seen } of noticeLines(deps)) {
      await write(`  ${styleFor(process.stderr).warn("!")} ${text}\n`);
      seen();
    }
  } catch {
    // They are shown below a later one.
  }
}

/** @throws when it was not written: nobody saw it then */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stderr.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
