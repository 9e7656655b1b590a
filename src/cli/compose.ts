import { join } from "node:path";
import { setAside } from "../adapters/sqlite/open.ts";
import { systemClock } from "../adapters/system/clock.ts";
import { createHost } from "../adapters/system/host.ts";
import type { Caller } from "../core/caller.ts";
import type { Config } from "../core/config/config.ts";
import type { Forwarder } from "../ports/forwarder.ts";
import type { ImageBuilder } from "../ports/image-builder.ts";
import type { LocalFiles } from "../ports/local-files.ts";
import type { Progress } from "../ports/progress.ts";
import type { AuditDeps } from "../usecases/audit/record.ts";
import type { Deps } from "../usecases/deps.ts";
import type { DoctorDeps } from "../usecases/doctor/doctor.ts";
import { stateDirOf } from "./compose/config.ts";
import { engineOf } from "./compose/engine.ts";
import { ledgerOf } from "./compose/ledger.ts";
import { accounts, crossingParts, systemJournal, whoAsks } from "./compose/orchestrator.ts";
import { archives, channels } from "./compose/lifecycle.ts";
import { secretStore, tailnet } from "./compose/stores.ts";
import { cacheDir, packageFile } from "./paths.ts";

/** Where everything is put together: outside the adapters, only this file and its folder know them. */

/** The builder of the box image; its scripts lie in the package, beside the program. */
export async function imageBuilder(): Promise<ImageBuilder> {
  const { createDebianBuilder } = await import("../adapters/image/debian.ts");
  return createDebianBuilder({ scripts: packageFile("containers/box/debian"), cache: join(cacheDir(), "images") });
}

export const clock = systemClock;

/** The caller's own files, for what copies; loaded only then. */
export async function localFiles(): Promise<LocalFiles> {
  const { createLocalFiles } = await import("../adapters/files/files.ts");
  return createLocalFiles();
}

/** This machine's loopback, for what forwards ports; loaded only then. */
export async function forwarder(): Promise<Forwarder> {
  const { createForwarder } = await import("../adapters/forward/forwarder.ts");
  return createForwarder();
}

/** What the audit log needs where no command is; the ledger is the caller's to close. @throws {DevboxError} as {@link ledgerOf} */
export async function auditDeps(config: Config, caller: Caller): Promise<AuditDeps> {
  return { ...crossingParts, ledger: ledgerOf(config), caller, journal: await systemJournal({ caller }) };
}

/** Everything a use case needs, on the real parts. */
export function compose(config: Config, progress: Progress, interrupt: AbortSignal): Deps {
  return { ...composeWithoutLedger(config, progress, interrupt), ledger: ledgerOf(config) };
}

/** What the doctor needs: it opens the ledger itself, because it may have to mend it first. */
export function composeDoctor(config: Config, progress: Progress, interrupt: AbortSignal): DoctorDeps {
  return {
    ...composeWithoutLedger(config, progress, interrupt),
    openLedger: () => ledgerOf(config),
    setAsideLedger: () => setAside(stateDirOf(config), String(systemClock.now())),
  };
}

function composeWithoutLedger(config: Config, progress: Progress, interrupt: AbortSignal): Omit<Deps, "ledger"> {
  const caller = whoAsks();
  return {
    engine: engineOf(config),
    clock: systemClock,
    host: createHost(systemClock),
    config,
    secrets: () => secretStore(config),
    tailnet: () => tailnet(config),
    caller,
    accounts: accounts(config),
    channels: () => channels(config),
    archives: () => archives(config, caller),
    systemJournal: () => systemJournal({ caller }),
    progress,
    interrupt,
  };
}

export { requireFile, writeForGroup } from "../adapters/system/files.ts";
export { ownKeyTexts } from "../adapters/system/own-keys.ts";
