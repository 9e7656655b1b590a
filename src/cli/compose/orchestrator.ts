import { join, resolve } from "node:path";
import { createAccounts } from "../../adapters/system/accounts.ts";
import { callerFromProcess } from "../../adapters/system/caller.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { readConfigText } from "../../adapters/system/files.ts";
import { createHost } from "../../adapters/system/host.ts";
import type { Caller } from "../../core/caller.ts";
import type { Config } from "../../core/config/config.ts";
import type { Boundary } from "../../core/gate/boundary-file.ts";
import type { Accounts } from "../../ports/accounts.ts";
import type { AuthorizedKeys } from "../../ports/authorized-keys.ts";
import type { BoxTransfers } from "../../ports/box-transfers.ts";
import type { Progress } from "../../ports/progress.ts";
import type { SystemJournal } from "../../ports/system-journal.ts";
import type { LoadedImage } from "../../usecases/images.ts";
import type { HostDeps } from "../../usecases/host/deps.ts";
import { sideOfBoundary } from "../boundary/crossing.ts";
import { packageFile } from "../paths.ts";
import { parseConfig, stateDirOf } from "./config.ts";

/** The file of keys by which users come to the service account; loaded only for what is about users. */
export async function authorizedKeys(config: Config): Promise<AuthorizedKeys> {
  const { createAuthorizedKeys } = await import("../../adapters/authorized-keys/file.ts");
  // The path by which it is called: the package itself may lie in a directory that goes with the next upgrade.
  const program = sideOfBoundary()?.boundary.program ?? packageFile("bin/devbox-ctl");
  return createAuthorizedKeys(join(stateDirOf(config), "authorized_keys"), program);
}

/** The accounts of this machine, with whom the configuration makes administrators. */
export const accounts = ({ host }: Config): Accounts => createAccounts(host.adminGroups);

/** The system's log, for what is done on behalf of others; none where everybody runs their own boxes. */
export async function systemJournal({ caller }: { readonly caller: Caller }): Promise<SystemJournal | undefined> {
  if (caller.via === "local") return undefined;
  return (await import("../../adapters/journal/journal.ts")).createJournal();
}

/** What setting up this host takes; loaded only for its command. */
export async function hostDeps(progress: Progress): Promise<HostDeps> {
  const { createHostSystem } = await import("../../adapters/host-system/host-system.ts");
  const system = createHostSystem(packageFile("."));
  return { system, progress, readText: (file) => readConfigText(resolve(file)), parse: parseConfig };
}

/** What a command of the caller's own process needs besides its files. */
export const crossingParts = { clock: systemClock, host: createHost(systemClock) };

/** Copies with boxes on the other side of the boundary. */
export async function crossingTransfers(boundary: Boundary): Promise<BoxTransfers> {
  const gate = await import("../../adapters/gate/transfers.ts");
  return gate.crossingTransfers(boundary);
}

/** Has a command done on the other side, with the caller's own streams. @returns its exit code */
export async function crossAttached(boundary: Boundary, words: readonly string[]): Promise<number> {
  const gate = await import("../../adapters/gate/run.ts");
  return gate.crossAttached(boundary, words);
}

/** Has an archive of the caller's loaded on the other side of the boundary. @throws {DevboxError} */
export async function loadAcross(boundary: Boundary, file: string): Promise<LoadedImage> {
  const gate = await import("../../adapters/gate/images.ts");
  return gate.loadAcross(boundary, file);
}

/** Who was let in over the boundary; in personal mode whoever runs this process. */
export function whoAsks(): Caller {
  const side = sideOfBoundary();
  return side?.side === "account" ? side.caller : callerFromProcess();
}

export { callerByKey, callerBySudo, callerIsAccount } from "../../adapters/system/caller.ts";
