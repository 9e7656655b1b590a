import type { Config } from "../../core/config/config.ts";
import { DevboxError } from "../../core/errors.ts";
import type { HostSystem } from "../../ports/host-system.ts";
import type { Progress } from "../../ports/progress.ts";

/** What setting up a host takes. */
export interface HostDeps {
  readonly system: HostSystem;
  readonly progress: Progress;
  /** Text of a configuration file; undefined when there is none. */
  readonly readText: (file: string) => string | undefined;
  /** @throws {DevboxError} INVALID_CONFIG */
  readonly parse: (text: string, file: string) => Promise<Config>;
}

/**
 * What comes before anything is looked at.
 * @param dryRun nothing will be changed, so nobody else has to wait
 * @throws {DevboxError} NOT_PERMITTED, WRONG_STATE on a machine that cannot be an orchestrator, BUSY
 */
export async function beginSetup(deps: HostDeps, words: string, dryRun: boolean): Promise<void> {
  requireMachine(deps, words);
  if (!dryRun) await deps.system.lock();
}

function requireMachine({ system }: HostDeps, words: string): void {
  if (!system.isRoot()) {
    throw new DevboxError("NOT_PERMITTED", "only root can set up a host.", { next: [`sudo devbox-ctl host ${words}`] });
  }
  if (system.hasSystemd()) return;
  throw new DevboxError("WRONG_STATE", "this host cannot be an orchestrator.", {
    why: "systemd is not its PID 1; it starts the boxes after a boot and keeps them apart from people's sessions.",
    next: ["Use a host with systemd, or devbox-ctl in personal mode, which needs no setup"],
  });
}
