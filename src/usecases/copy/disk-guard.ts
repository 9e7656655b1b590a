import { checkDisk } from "../../core/limits.ts";
import { MIB } from "../../core/size.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { engineFacts } from "../engine-facts.ts";

/** How often the disk is looked at while bytes go into a box, whichever comes first. */
const EVERY = { bytes: 64 * MIB, time: SECOND };

/**
 * Watches the host's disk while a copy fills it: it ends before the host's reserve is used, however much is to come.
 * @returns to be told the bytes so far; throws {DevboxError} HOST_DISK
 */
export async function diskGuard(deps: Deps): Promise<(bytes: number) => void> {
  const { storageDir } = await engineFacts(deps);
  const look = () => {
    checkDisk(deps.config.limits, deps.host.free(storageDir));
  };
  look();
  let [bytesThen, timeThen] = [0, deps.clock.monotonic()];
  return (bytes) => {
    const now = deps.clock.monotonic();
    if (bytes - bytesThen < EVERY.bytes && now - timeThen < EVERY.time) return;
    [bytesThen, timeThen] = [bytes, now];
    look();
  };
}
