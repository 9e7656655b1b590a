import type { BoxRecord } from "../core/box.ts";
import { type DevboxError, hasCode } from "../core/errors.ts";
import type { OperationKind } from "../core/operation.ts";
import type { BoxChange, SlotRequest } from "../ports/ledger.ts";
import { containerGone, usableContainer } from "./access.ts";
import type { Deps } from "./deps.ts";
import { engineFacts } from "./engine-facts.ts";
import { newOperation, runSteps } from "./journal.ts";
import { withLease } from "./lease.ts";
import { outcomeOf, stepsOf } from "./operations.ts";
import { join } from "./tailnet/join.ts";
import { isOfTailnet, notJoined } from "./tailnet/join-step.ts";
import { keyOf } from "./tailnet/key.ts";
import { releaseLeft } from "./tailnet/release.ts";

export interface ChangeResult {
  readonly box: BoxRecord;
  /** False when the box was already as asked. */
  readonly changed: boolean;
}

export interface StartInput {
  readonly name: string;
  readonly recreate: boolean;
  /** After a boot: only what is meant to run, and it does not count as use. */
  readonly resume?: boolean;
  /** By its schedule, which is no use either. */
  readonly scheduled?: boolean;
  readonly before?: Before;
}

/** Called under the lease, before anything is done; what it throws ends the command, and the box stays as it is. */
export type Before = (box: BoxRecord) => Promise<void>;

/**
 * Starts a box and waits until it can be used. Starting what runs is no error.
 * @param input.recreate make the container again on the box's home when it is gone [P-07]
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, CONTAINER_GONE, NOT_READY, the LIMIT_, HOST_ and ENGINE_ codes
 */
export async function start(deps: Deps, input: StartInput): Promise<ChangeResult> {
  const isResume = input.resume === true;
  return withLease(deps, input.name, isResume ? "resume" : "start", async (box) => {
    // Whoever stopped it meanwhile meant it.
    if (isResume && box.desired === "stopped") return { box, changed: false };
    await input.before?.(box);
    // A box that is meant to run probably does; only then is the engine asked first.
    if (box.desired === "running" && box.containerId !== undefined) {
      const detail = await deps.engine.inspect(box.containerId);
      if (detail?.state === "running") {
        const changed = await rejoined(deps, box);
        return { box: deps.ledger.boxById(box.id) ?? box, changed };
      }
      if (detail === undefined && !input.recreate) throw containerGone(box.name);
    }
    if (input.recreate && (await isGone(deps, box))) return bringUp(deps, box, "recreate");
    usableContainer(box);
    return bringUp(deps, box, "start", !isResume && input.scheduled !== true);
  });
}

/**
 * Stops a box and starts it again; one that is stopped is started.
 * @throws {DevboxError} as {@link start}
 */
export async function restart(deps: Deps, input: { readonly name: string }): Promise<ChangeResult> {
  return withLease(deps, input.name, "restart", async (box) => {
    usableContainer(box);
    return bringUp(deps, box, "restart");
  });
}

/**
 * Stops a box; what runs in it is asked to end first. Stopping what is stopped is no error.
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, CONTAINER_GONE, the ENGINE_ codes
 */
export async function stop(
  deps: Deps,
  input: { readonly name: string; readonly before?: Before },
): Promise<ChangeResult> {
  return withLease(deps, input.name, "stop", async (box) => {
    await input.before?.(box);
    return stopLeased(deps, box);
  });
}

/** As {@link stop}, of a box whose lease is held. */
export async function stopLeased(deps: Deps, box: BoxRecord): Promise<ChangeResult> {
  const containerId = usableContainer(box);
  if (box.desired === "stopped") {
    const detail = await deps.engine.inspect(containerId);
    if (detail === undefined) throw containerGone(box.name);
    if (detail.state === "exited" || detail.state === "created") return { box, changed: false };
  }
  return run(deps, box, "stop", { isUse: false });
}

/**
 * A box that runs may have lost its tailnet meanwhile: the control plane can have removed its device.
 * @returns whether it had to log in
 */
async function rejoined(deps: Deps, box: BoxRecord): Promise<boolean> {
  const tailnet = await deps.tailnet();
  if (tailnet === undefined) return false;
  deps.progress.begin("On the tailnet");
  try {
    const running = { ...box, containerId: usableContainer(box) };
    const { node, loggedIn } = await join(deps, tailnet, running, keyOf(deps, box.owner));
    deps.progress.done(node.dnsName);
    await releaseLeft(deps, { force: false });
    return loggedIn;
  } catch (error) {
    throw isOfTailnet(error) ? notJoined(box, error) : error;
  }
}

async function isGone(deps: Deps, box: BoxRecord): Promise<boolean> {
  return box.containerId === undefined || (await deps.engine.inspect(box.containerId)) === undefined;
}

async function bringUp(
  deps: Deps,
  box: BoxRecord,
  kind: "start" | "restart" | "recreate",
  isUse = true,
): Promise<ChangeResult> {
  const { storageDir } = await engineFacts(deps);
  // A restart of what runs takes nothing that it does not have already.
  const slot =
    kind === "restart" && box.desired === "running"
      ? undefined
      : { free: () => deps.host.free(storageDir), asker: deps.caller.user };
  return run(deps, box, kind, { slot, isUse });
}

interface Run {
  readonly slot?: SlotRequest | undefined;
  /** Whether it counts as use of the box. */
  readonly isUse: boolean;
}

/** One journaled operation on a box whose lease is held. */
async function run(deps: Deps, box: BoxRecord, kind: OperationKind, { slot, isUse }: Run): Promise<ChangeResult> {
  const change = { desired: kind === "stop" ? "stopped" : "running" } as const;
  const operation = newOperation(deps, kind, { before: box.desired });
  deps.ledger.begin(box.id, operation, change, slot);
  const meant: BoxRecord = { ...box, ...change };
  let notReady: DevboxError | undefined;
  try {
    const steps = stepsOf(deps, meant, operation);
    notReady = await runSteps(deps, { id: operation.id, boxId: box.id, steps: [] }, steps);
  } catch (error) {
    // Nothing is left half done: what is wanted stands in the ledger, and the next command acts on it.
    deps.ledger.finish(operation.id, box.id, {});
    throw hasCode(error, "CONTAINER_GONE") && kind !== "recreate" ? containerGone(box.name, error.why) : error;
  }
  const used = isUse ? { lastUsed: { at: deps.clock.now(), by: kind } } : {};
  deps.ledger.finish(operation.id, box.id, { ...(outcomeOf(operation) as BoxChange), ...used });
  if (kind !== "stop") await releaseLeft(deps, { force: false });
  if (notReady) throw notReady;
  return { box: deps.ledger.boxById(box.id) ?? meant, changed: true };
}
