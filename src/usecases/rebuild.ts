import type { BoxRecord } from "../core/box.ts";
import { checkImageName } from "../core/image-name.ts";
import type { BoxChange } from "../ports/ledger.ts";
import { containerGone, usableContainer } from "./access.ts";
import type { Deps } from "./deps.ts";
import { engineFacts } from "./engine-facts.ts";
import { imageMissing } from "./images.ts";
import { newOperation } from "./journal.ts";
import { withLease } from "./lease.ts";
import { outcomeOf } from "./operations.ts";
import { runReversibly } from "./reversible.ts";
import { releaseLeft } from "./tailnet/release.ts";

export interface RebuildInput {
  readonly name: string;
  /** Undefined: the image that the box was made from, as it is today. */
  readonly image: string | undefined;
}

export interface RebuildResult {
  readonly box: BoxRecord;
  /** The image it was made from before. */
  readonly previousImage: string;
}

/**
 * Makes a box anew on its home: same name, same limits, another container. When that does not become ready, the box is
 * as it was before.
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, CONTAINER_GONE, WRONG_STATE, INVALID_SPEC, IMAGE_NOT_FOUND, NOT_READY,
 * SERVICE_NOT_READY (the box is rebuilt then), INTERRUPTED, the LIMIT_, HOST_ and ENGINE_ codes
 */
export async function rebuild(deps: Deps, input: RebuildInput): Promise<RebuildResult> {
  return withLease(deps, input.name, "rebuild", async (box) => {
    const containerId = usableContainer(box);
    const detail = await deps.engine.inspect(containerId);
    if (detail === undefined) throw containerGone(box.name);
    const spec = { ...box.spec, image: input.image ?? box.spec.image };
    await checkImage(deps, spec.image);

    const previous = { containerId, spec: box.spec };
    const operation = newOperation(deps, "rebuild", { before: box.desired, previous, spec });
    const { storageDir } = await engineFacts(deps);
    // What runs has its share of the host already; what is stopped is started, if only to see that it works.
    const slot =
      box.desired === "running" ? undefined : { free: () => deps.host.free(storageDir), asker: deps.caller.user };
    deps.ledger.begin(box.id, operation, { desired: "running" }, slot);
    const notReady = await runReversibly(deps, box, operation);
    const lastUsed = { at: deps.clock.now(), by: "rebuild" };
    deps.ledger.finish(operation.id, box.id, { ...(outcomeOf(operation) as BoxChange), lastUsed });
    await releaseLeft(deps, { force: false });
    if (notReady) throw notReady;
    return { box: deps.ledger.boxById(box.id) ?? box, previousImage: previous.spec.image };
  });
}

/** Asked before anything is stopped; images are never pulled. @throws {DevboxError} INVALID_SPEC, IMAGE_NOT_FOUND */
async function checkImage(deps: Deps, image: string): Promise<void> {
  if (!(await deps.engine.imageExists(checkImageName(image)))) throw imageMissing(deps, image);
}
