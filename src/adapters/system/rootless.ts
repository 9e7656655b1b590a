import { existsSync } from "node:fs";
import type { RootlessSetup } from "../../ports/host.ts";
import { readText } from "./processes.ts";

/** What a user has of the things that rootless Podman needs; read from files, nothing is started. */
export function rootlessSetup(user: string, uid: number): RootlessSetup {
  const runtimeDir = process.env.XDG_RUNTIME_DIR;
  return {
    subids: Math.min(...["/etc/subuid", "/etc/subgid"].map((file) => subids(readText(file) ?? "", user, uid))),
    runtimeDir: runtimeDir !== undefined && existsSync(runtimeDir),
    lingers: existsSync("/run/systemd/system") ? existsSync(`/var/lib/systemd/linger/${user}`) : undefined,
  };
}

/** Sum of a user's ranges in subuid(5) form, `name-or-uid:start:count`. */
function subids(text: string, user: string, uid: number): number {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([who]) => who === user || who === String(uid))
    .reduce((sum, [, , range]) => sum + (Number(range) || 0), 0);
}
