import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, hasCode } from "../../core/errors.ts";
import { SECOND } from "../../core/time.ts";
import { usableContainer } from "../access.ts";
import type { Deps } from "../deps.ts";
import { throwUnlessRunning } from "../session.ts";

/** How often the engine is asked whether the box still runs; one question takes it some 50 ms. */
const EVERY = 5 * SECOND;

interface Watch {
  /** Asks at once, because something went wrong that a stopped box explains. */
  look(): Promise<void>;
  /**
   * Resolves when the user wants to end.
   * @throws {DevboxError} WRONG_STATE, CONTAINER_GONE when the box can no longer be used
   */
  untilOver(): Promise<void>;
}

/** Watches that a box can be used. One that is being restarted or rebuilt is waited for. */
export function watchBox(deps: Deps, { id, name }: Pick<BoxRecord, "id" | "name">): Watch {
  const over = new AbortController();

  const look = async () => {
    try {
      await throwUnlessUsable(deps, id, name);
    } catch (error) {
      // An engine that does not answer for once says nothing about the box.
      if (!hasCode(error, "ENGINE_TIMEOUT", "ENGINE_FAILED", "ENGINE_GARBAGE", "BUSY")) over.abort(error);
    }
  };
  const untilOver = async () => {
    const either = AbortSignal.any([over.signal, deps.interrupt]);
    const isOver = () => either.aborted;
    while (!isOver()) {
      await deps.clock.sleep(EVERY, either);
      if (!isOver()) await look();
    }
    if (!deps.interrupt.aborted) throw over.signal.reason;
  };
  return { look, untilOver };
}

async function throwUnlessUsable(deps: Deps, id: string, name: string): Promise<void> {
  const box = deps.ledger.boxById(id);
  if (box === undefined) throw new DevboxError("WRONG_STATE", `${name} was destroyed.`, { next: ["devbox-ctl list"] });
  const lease = deps.ledger.leaseOn(id);
  const isBeingBroughtUp = box.desired === "running" && lease !== undefined && deps.host.isAlive(lease.holder);
  if (!isBeingBroughtUp) await throwUnlessRunning(deps, name, usableContainer(box));
}
