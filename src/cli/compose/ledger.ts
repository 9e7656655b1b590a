import { openLedger } from "../../adapters/sqlite/ledger.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { createHost } from "../../adapters/system/host.ts";
import type { Config } from "../../core/config/config.ts";
import type { Ledger } from "../../ports/ledger.ts";
import { stateDirOf } from "./config.ts";

/** @throws {DevboxError} STATE_UNWRITABLE, HOST_DISK, LEDGER_CORRUPT, LEDGER_NEWER, BUSY */
export function ledgerOf(config: Config): Ledger {
  const host = createHost(systemClock);
  return openLedger({ stateDir: stateDirOf(config), config, isAlive: (holder) => host.isAlive(holder) });
}
