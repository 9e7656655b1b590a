import type { BoxRecord } from "../core/box.ts";
import { boxesAllowed } from "../core/limits.ts";
import type { HostFree } from "../core/limits.ts";
import type { SlotRequest } from "../ports/ledger.ts";
import { containerGone, usableContainer } from "./access.ts";
import type { Deps } from "./deps.ts";
import { engineFacts } from "./engine-facts.ts";
import { imageMissing } from "./images.ts";
import { newOperation } from "./journal.ts";
import { withLease } from "./lease.ts";
import { outcomeOf } from "./operations.ts";
import { configuredUser, throwUnlessAdmin } from "./owners.ts";
import { runReversibly } from "./reversible.ts";
import { joinsTailnet } from "./tailnet/join-step.ts";
import { keyOf } from "./tailnet/key.ts";
import { releaseLeft } from "./tailnet/release.ts";

export interface HandOverInput {
  /** Name of the box. */
  readonly box: string;
  /** Who gets it: a configured user. */
  readonly to: string;
}

export interface HandOverResult {
  readonly box: BoxRecord;
  readonly from: string;
  /** False when it was theirs already. */
  readonly changed: boolean;
  /** The new owner's boxes with this one, and the most they may have. */
  readonly slots: { readonly used: number; readonly allowed: number };
}

/** What runs has its share of the host already. */
const PLENTY: HostFree = { memory: Number.MAX_SAFE_INTEGER, disk: undefined };

/**
 * Makes a box somebody else's: its slot, its homes, its container's labels, its key and its tags. When the container that
 * is made anew for that does not become ready, all is as it was before.
 * @throws {DevboxError} NOT_PERMITTED unless the caller is an administrator, USAGE for a user who is not configured,
 * BOX_NOT_FOUND, BUSY, WRONG_STATE, CONTAINER_GONE, IMAGE_NOT_FOUND, LIMIT_PER_USER, NOT_READY, INTERRUPTED, the SECRETS_,
 * TAILNET_, HOST_ and ENGINE_ codes; SERVICE_NOT_READY and TAILNET_NOT_JOINED when it is theirs all the same
 */
export async function handOver(deps: Deps, { box: name, to }: HandOverInput): Promise<HandOverResult> {
  throwUnlessAdmin(deps.caller, "hand-over");
  configuredUser(deps, to);
  return withLease(deps, name, "hand-over", async (box) => {
    if (box.owner === to) return result(deps, box, box.owner, false);
    const containerId = usableContainer(box);
    if ((await deps.engine.inspect(containerId)) === undefined) throw containerGone(box.name);
    if (!(await deps.engine.imageExists(box.spec.image))) throw imageMissing(deps, box.spec.image);

    // A key that cannot be had is found out before anything is changed; it is read again when the box joins.
    if (joinsTailnet(deps)) await keyOf(deps, to)();

    const { spec, owner: from } = box;
    const operation = newOperation(deps, "hand-over", {
      before: box.desired,
      previous: { containerId, spec },
      spec,
      from,
    });
    deps.ledger.begin(box.id, operation, { desired: "running", owner: to }, await slotFor(deps, box));
    const given: BoxRecord = { ...box, owner: to, desired: "running" };
    const problem = await runReversibly(deps, given, operation);
    deps.ledger.finish(operation.id, box.id, outcomeOf(operation));
    await releaseLeft(deps, { force: false });
    if (problem) throw problem;
    return result(deps, deps.ledger.boxById(box.id) ?? given, from, true);
  });
}

async function slotFor(deps: Deps, { desired }: BoxRecord): Promise<SlotRequest> {
  const { storageDir } = await engineFacts(deps);
  const free = () => (desired === "running" ? PLENTY : deps.host.free(storageDir));
  return { free, asker: deps.caller.user };
}

function result(deps: Deps, box: BoxRecord, from: string, changed: boolean): HandOverResult {
  const used = deps.ledger.boxes().filter(({ owner }) => owner === box.owner).length;
  return { box, from, changed, slots: { used, allowed: boxesAllowed(deps.config, box.owner) } };
}
