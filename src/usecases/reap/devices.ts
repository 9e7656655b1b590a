import { type DeviceRecord, nameOf } from "../../core/device.ts";
import type { Deps } from "../deps.ts";
import { releaseLeft } from "../tailnet/release.ts";
import type { Reaping } from "./result.ts";

/** A device that has to be proven gone. */
export interface PlannedRelease extends Reaping {
  readonly device: DeviceRecord["id"];
}

/** Devices of the tailnet that are left, also of boxes that are gone. */
export function plannedReleases({ ledger }: Deps): PlannedRelease[] {
  return ledger
    .devices()
    .filter(({ state }) => state === "leaving")
    .map((device) => ({
      ...{ device: device.id, box: device.boxName, owner: device.owner },
      ...{ state: ledger.boxById(device.boxId) ? "unknown" : "destroyed", action: "retry-cleanup" as const },
      ...{ code: "device-left" as const, at: undefined, next: undefined },
      reason: `the tailnet device ${nameOf(device)} has to be proven gone`,
      ...{ outcome: undefined, problem: undefined },
    }));
}

/** Tries again to have them removed. */
export async function released(deps: Deps, planned: readonly PlannedRelease[]): Promise<Reaping[]> {
  if (planned.length === 0) return [];
  const pending = new Map((await releaseLeft(deps, { force: true })).map(({ device, why }) => [device.id, why]));
  return planned.map(({ device, ...each }) => {
    const problem = pending.get(device);
    return { ...each, outcome: problem === undefined ? "done" : "failed", problem };
  });
}
