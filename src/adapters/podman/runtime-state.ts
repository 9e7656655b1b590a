import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Programs by which Podman runs containers; each keeps a folder of the container's id as long as it runs. */
const RUNTIMES = ["crun", "runc"];

/**
 * Whether a container leaves the trace that running ones do. It takes microseconds, where Podman takes a twentieth of a
 * second to say so; it is right about every container of this user's that crun or runc runs, and says no to others.
 * @param folders where runtimes keep what is lost with the next boot
 */
export function leavesTrace(containerId: string, folders: readonly string[] = runtimeFolders()): boolean {
  return folders.some((folder) => RUNTIMES.some((runtime) => existsSync(join(folder, runtime, containerId))));
}

function runtimeFolders(): string[] {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? ["/run"] : [process.env.XDG_RUNTIME_DIR ?? `/run/user/${String(uid)}`];
}
