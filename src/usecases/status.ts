import { boxState, type BoxRecord, type BoxState } from "../core/box.ts";
import { DevboxError } from "../core/errors.ts";
import type { ScheduleRecord } from "../core/lifecycle/records.ts";
import type { Decided } from "../core/lifecycle/sentences.ts";
import type { LeaseRecord, OperationRecord } from "../core/operation.ts";
import type { BoxService } from "../core/services.ts";
import type { BoxUsage, EngineBoxDetail, UnenforcedLimit } from "../ports/engine.ts";
import { findBox } from "./access.ts";
import type { Deps } from "./deps.ts";
import { unenforcedLimits } from "./engine-facts.ts";
import { foreseenOf } from "./lifecycle/foreseen.ts";
import { servicesOf } from "./services.ts";
import { joinsTailnet } from "./tailnet/join-step.ts";
import { askNode, type RunningNode } from "./tailnet/node.ts";

export interface StatusResult {
  readonly box: BoxRecord;
  readonly state: BoxState;
  readonly detail: EngineBoxDetail | undefined;
  readonly usage: BoxUsage | undefined;
  /** Bytes that the home takes on disk; undefined when it could not be read. */
  readonly homeSize: number | undefined;
  readonly unenforced: readonly UnenforcedLimit[];
  /** How its services are; undefined when it does not run, or does not say. */
  readonly services: readonly BoxService[] | undefined;
  /** How its node is on the tailnet; undefined when it does not run, or boxes join none. */
  readonly node: "joined" | "offline" | "out" | "silent" | undefined;
  /** What becomes of it by itself, by what was seen of it last. */
  readonly decided: Decided | undefined;
  readonly schedule: ScheduleRecord | undefined;
  /** What is under way on it, and by whom; `holder` is absent when that process is gone. */
  readonly operation: { readonly kind: OperationRecord["kind"]; readonly holder: LeaseRecord | undefined } | undefined;
}

/**
 * One box, closely. [E-04]
 * @throws {DevboxError} BOX_NOT_FOUND, the ENGINE_ codes
 */
export async function status(deps: Deps, input: { readonly name: string }): Promise<StatusResult> {
  const box = findBox(deps, input.name);
  const [detail, homeSize, unenforced] = await Promise.all([
    box.containerId === undefined ? undefined : deps.engine.inspect(box.containerId),
    homeSizeOf(deps, box),
    unenforcedLimits(deps),
  ]);
  const running = detail?.state === "running" ? box.containerId : undefined;
  const [usage, services, node] = await Promise.all([
    usageOf(deps, running),
    running === undefined ? undefined : servicesOf(deps, running),
    running === undefined ? undefined : nodeOf(deps, { ...box, containerId: running }),
  ]);
  return {
    box,
    state: boxState(box.phase, detail?.state),
    detail,
    usage,
    services,
    node,
    homeSize,
    unenforced,
    decided: (await foreseenOf(deps, [box], new Map(detail ? [[box.id, detail]] : []))).get(box.id),
    schedule: deps.ledger.scheduleOf(box.id),
    operation: operationOn(deps, box),
  };
}

/** Bytes that a box's home takes on disk; undefined when it could not be read. */
export async function homeSizeOf(deps: Deps, box: BoxRecord): Promise<number | undefined> {
  const home = (await deps.engine.volumes()).find((volume) => volume.name === box.spec.home);
  return home && (await deps.engine.volumeSizes([home])).get(home.name);
}

async function usageOf(deps: Deps, containerId: string | undefined): Promise<BoxUsage | undefined> {
  return containerId === undefined ? undefined : (await deps.engine.usage([containerId])).get(containerId);
}

/** What the box itself says; the control plane is not asked, which takes its time and has its limits. */
async function nodeOf(deps: Deps, box: RunningNode): Promise<StatusResult["node"]> {
  if (!joinsTailnet(deps)) return undefined;
  try {
    const { state, online } = await askNode(deps, box);
    if (state !== "Running" && state !== "Starting") return "out";
    return online ? "joined" : "offline";
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    return "silent";
  }
}

function operationOn(deps: Deps, box: BoxRecord): StatusResult["operation"] {
  const operation = deps.ledger.operationOn(box.id);
  if (operation === undefined) return undefined;
  const lease = deps.ledger.leaseOn(box.id);
  return { kind: operation.kind, holder: lease && deps.host.isAlive(lease.holder) ? lease : undefined };
}
