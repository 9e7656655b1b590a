import { boxState, type BoxRecord, type BoxState } from "../core/box.ts";
import type { Decided } from "../core/lifecycle/sentences.ts";
import { boxesAllowed } from "../core/limits.ts";
import type { Millis } from "../core/time.ts";
import type { BoxUsage, EngineBox } from "../ports/engine.ts";
import type { Deps } from "./deps.ts";
import { foreseenOf } from "./lifecycle/foreseen.ts";
import { ownersIn, type Scope } from "./owners.ts";
import { requireOwner } from "./users/deps.ts";

export interface ListedBox {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly state: BoxState;
  /** True when the process that was working on it is gone; the next command puts it right. */
  readonly interrupted: boolean;
  readonly image: string;
  readonly cpus: number | undefined;
  /** Bytes. */
  readonly memory: number | undefined;
  readonly createdAt: Millis | undefined;
  readonly lastUsedAt: Millis | undefined;
  readonly lastUsedBy: string | undefined;
  readonly stoppedAt: Millis | undefined;
  readonly usage: BoxUsage | undefined;
  /** What becomes of it by what is known without a look at it; undefined for one that the ledger does not know. */
  readonly decided: Decided | undefined;
}

export interface ListResult {
  readonly boxes: readonly ListedBox[];
  /** Whose boxes and slots these are; undefined for everyone's boxes, when the slots are the caller's. */
  readonly owner: string | undefined;
  readonly used: number;
  readonly allowed: number;
  readonly onHost: number;
  readonly global: number;
}

export interface ListInput extends Scope {
  /** Ask the engine what the running ones use at the moment. */
  readonly usage: boolean;
}

/**
 * The caller's boxes, or those that an administrator asks for, by name: what the ledger knows, joined with what the
 * engine has.
 * @throws {DevboxError} NOT_PERMITTED, USER_NOT_FOUND, the ENGINE_ codes
 */
export async function list(deps: Deps, input: ListInput): Promise<ListResult> {
  const isMeant = ownersIn(deps.caller, input);
  // The engine's process is started first; the ledger is read while it works.
  const listing = deps.engine.boxes();
  listing.catch(() => undefined);
  const records = deps.ledger.boxes();
  const busy = interruptedBoxes(deps);
  const containers = await listing;
  const own = new Map(records.map((record) => [record.id, record.owner]));
  // Whose a box is says the ledger; a container's labels say it only of one that is not in it.
  const ownerOf = ({ identity }: EngineBox) => own.get(identity.id) ?? identity.owner;
  const byId = new Map(containers.map((container) => [container.identity.id, container]));
  const running = containers.filter((c) => c.state === "running" && isMeant(ownerOf(c)));
  const usage = input.usage ? await deps.engine.usage(running.map((c) => c.containerId)) : new Map<string, BoxUsage>();

  const meant = records.filter((record) => isMeant(record.owner));
  const decided = await foreseenOf(deps, meant, byId);
  const known = meant.map((record) => ({
    ...registered(record, byId.get(record.id), busy, usage),
    decided: decided.get(record.id),
  }));
  const ids = new Set(records.map((record) => record.id));
  const unknown = containers
    .filter((container) => !ids.has(container.identity.id) && isMeant(container.identity.owner))
    .map((container) => unregistered(container));
  requireOwner(deps, input, known.length + unknown.length);
  const counted = input.owner ?? deps.caller.user;
  return {
    boxes: [...known, ...unknown].sort((a, b) => (a.name < b.name ? -1 : 1)),
    owner: input.all === true ? undefined : counted,
    used: records.filter((record) => record.owner === counted).length,
    allowed: boxesAllowed(deps.config, counted),
    onHost: records.length,
    global: deps.config.limits.global,
  };
}

/** Ids of boxes with an operation whose process is gone. */
export function interruptedBoxes(deps: Pick<Deps, "ledger" | "host">): ReadonlySet<string> {
  const operations = deps.ledger.operations();
  if (operations.length === 0) return new Set();
  const alive = new Set(
    deps.ledger
      .leases()
      .filter((lease) => deps.host.isAlive(lease.holder))
      .map((lease) => lease.boxId),
  );
  return new Set(operations.map((operation) => operation.boxId).filter((boxId) => !alive.has(boxId)));
}

function registered(
  record: BoxRecord,
  container: EngineBox | undefined,
  interrupted: ReadonlySet<string>,
  usage: ReadonlyMap<string, BoxUsage>,
): Omit<ListedBox, "decided"> {
  return {
    id: record.id,
    name: record.name,
    owner: record.owner,
    state: boxState(record.phase, container?.state),
    interrupted: interrupted.has(record.id),
    image: record.spec.image,
    cpus: record.spec.cpus,
    memory: record.spec.memory,
    createdAt: record.createdAt,
    lastUsedAt: record.lastUsedAt,
    lastUsedBy: record.lastUsedBy,
    stoppedAt: container?.state === "exited" ? (container.exitedAt ?? record.stoppedAt) : undefined,
    usage: container && usage.get(container.containerId),
  };
}

function unregistered(container: EngineBox): ListedBox {
  const { id, name, owner, createdAt } = container.identity;
  return {
    id,
    name,
    owner,
    state: "unregistered",
    interrupted: false,
    image: container.image,
    cpus: undefined,
    memory: undefined,
    createdAt,
    lastUsedAt: undefined,
    lastUsedBy: undefined,
    stoppedAt: undefined,
    usage: undefined,
    decided: undefined,
  };
}
