import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "./run.ts";

/** How often processes are looked for that were told to end, every 100 ms. */
const LOOKS = 50;

/** Ids of the processes that have any of an account's rights. */
function processesOf(uid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && idsIn(name).includes(String(uid)))
    .map(Number);
}

/** Real, effective, saved and file system's user id; none for a process that ended meanwhile. */
function idsIn(pid: string): string[] {
  try {
    return /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.split(/\s+/) ?? [];
  } catch {
    return [];
  }
}

/**
 * Ends all that an account runs: its systemd manager, and the connections by SSH with the commands in them, which sshd
 * keeps outside of that manager. They are told to end first; what is still there after five seconds is killed.
 */
export async function endProcesses(account: string, uid: number): Promise<void> {
  await run(["loginctl", "terminate-user", account]);
  await run(["systemctl", "stop", `user@${uid}.service`]);
  // What comes to sshd without PAM has no session.
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (const pid of processesOf(uid)) end(pid, signal);
    for (let i = 0; i < LOOKS && processesOf(uid).length > 0; i++) await sleep(100);
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
