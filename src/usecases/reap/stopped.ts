import type { BoxRecord } from "../../core/box.ts";
import { type ClockShift, moved } from "../../core/lifecycle/clock.ts";
import type { Millis } from "../../core/time.ts";
import type { EngineBox } from "../../ports/engine.ts";
import type { Deps } from "../deps.ts";

/**
 * Boxes with the moment since which each does not run, as the ledger has it or as the engine proves it. One of which
 * neither knows it does not run since now, as far as anybody can tell.
 * @param input.write enter in the ledger what it did not know
 */
export function withStops(
  deps: Pick<Deps, "ledger" | "host">,
  boxes: readonly BoxRecord[],
  containers: ReadonlyMap<string, EngineBox>,
  { now, write }: { readonly now: Millis; readonly write: boolean },
): BoxRecord[] {
  const leased = new Set(
    deps.ledger
      .leases()
      .filter(({ holder }) => deps.host.isAlive(holder))
      .map(({ boxId }) => boxId),
  );
  const shifts = deps.ledger.clockMoves();
  const samples = new Map(deps.ledger.samples().map(({ boxId, at }) => [boxId, at]));
  return boxes.map((box) => {
    // Who works on it enters it by themselves.
    if (box.phase !== "ready" || leased.has(box.id)) return box;
    const container = containers.get(box.id);
    const stoppedAt = stopOf(box, container, { now, seen: samples.get(box.id), shifts });
    if (stoppedAt === box.stoppedAt) return box;
    if (write) deps.ledger.update(box.id, { stoppedAt: stoppedAt ?? null });
    return { ...box, stoppedAt };
  });
}

interface Known {
  readonly now: Millis;
  /** When it was seen running last. */
  readonly seen: Millis | undefined;
  readonly shifts: readonly ClockShift[];
}

function stopOf(
  box: BoxRecord,
  container: EngineBox | undefined,
  { now, seen = 0, shifts }: Known,
): Millis | undefined {
  switch (container?.state) {
    case "running":
      // Started by other hands.
      return undefined;
    case undefined:
    case "created":
    case "exited": {
      if (box.stoppedAt !== undefined) return box.stoppedAt;
      const said = container?.state === "exited" ? container.exitedAt : undefined;
      // The engine's times are not set right with the clock, and count time in which the host was off.
      const exited = said === undefined ? undefined : moved(said, shifts);
      // The engine's clock may have been wrong then: it cannot have ended before it was seen, nor in the future.
      const least = Math.max(box.createdAt, box.lastUsedAt ?? 0, seen);
      return exited === undefined ? now : Math.min(now, Math.max(exited, least));
    }
    default:
      return box.stoppedAt;
  }
}
