import { DevboxError, messageOf } from "../core/errors.ts";
import { slotOf } from "../core/id-mapping.ts";
import type { ObjectIdentity } from "../core/labels.ts";
import { readSpec } from "../core/spec.ts";
import type { EngineBox } from "../ports/engine.ts";
import { mayUse } from "./access.ts";
import type { Deps } from "./deps.ts";
import { engineFacts } from "./engine-facts.ts";
import { newDevice } from "./tailnet/record.ts";

const POPULATED = "populated";

/**
 * Takes boxes that the engine has into a ledger that is new, before the first box is entered: the ledger may
 * have been lost, and boxes that it does not know would not count. Asked once in a ledger's life.
 */
export async function adoptLost(deps: Deps): Promise<void> {
  if (deps.ledger.fact(POPULATED) !== undefined) return;
  // It is done for everybody, and told to each of their own alone.
  const remark = ({ owner }: ObjectIdentity, text: string) => {
    if (mayUse(deps.caller, owner)) deps.progress.remark(text);
  };
  for (const { containerId, identity } of await deps.engine.boxes()) {
    if (deps.ledger.boxById(identity.id) ?? deps.ledger.boxByName(identity.name)) continue;
    try {
      await adopt(deps, containerId);
      remark(identity, `${identity.name} was not in the ledger; it is now, from its container's labels`);
    } catch (error) {
      remark(identity, `${identity.name} is not in the ledger and cannot be taken into it: ${messageOf(error)}`);
    }
  }
  deps.ledger.setFact(POPULATED, "yes");
}

/** Enters a container's box from its labels; limits are not asked, because it is there already. */
export async function adopt(deps: Deps, containerId: string): Promise<void> {
  const container = (await deps.engine.boxes()).find((box) => box.containerId === containerId);
  if (container === undefined) throw new DevboxError("BOX_NOT_FOUND", "the container is gone meanwhile.");
  const record = recordFrom(deps, container);
  deps.ledger.adopt(record);
  // Which device it has is not in its labels: as after a login that nobody saw the end of, the box will be asked.
  const tailnet = await deps.tailnet();
  if (tailnet) deps.ledger.beginJoin(newDevice(record, tailnet, record.name), deps.clock.now());
  await adoptHome(deps, record);
}

/** Of a box that was handed over, the home's labels still name whose it was, and its files have that owner's ids. */
async function adoptHome(deps: Deps, { owner, spec }: ReturnType<typeof recordFrom>): Promise<void> {
  const volumes = (await deps.engine.volumes()).filter(({ name }) => name === spec.home || name === spec.private);
  for (const { name, identity } of volumes) {
    if (identity.owner !== owner) deps.ledger.setVolumeOwner(name, owner);
  }
  const { rootless } = await engineFacts(deps);
  const slot = spec.idmap === null ? undefined : slotOf(spec.idmap, rootless);
  const first = volumes.find(({ name }) => name === spec.home)?.identity.owner ?? owner;
  if (slot !== undefined) deps.ledger.keepMappingSlot(first, slot);
}

function recordFrom(deps: Deps, { containerId, identity, state, startedAt, exitedAt }: EngineBox) {
  if (identity.spec === undefined) {
    throw new DevboxError("LEDGER_CORRUPT", `the container of ${identity.name} has lost its creation spec.`, {
      next: [`Look at it: podman inspect ${containerId.slice(0, 12)}`],
    });
  }
  return {
    id: identity.id,
    name: identity.name,
    owner: identity.owner,
    desired: state === "running" ? ("running" as const) : ("stopped" as const),
    spec: readSpec(identity.spec),
    createdAt: identity.createdAt ?? deps.clock.now(),
    containerId,
    // The nearest thing to a last use that Podman remembers.
    lastUsedAt: exitedAt ?? startedAt,
    // Not since then: its holds, its policy and what its owner was told went with the ledger.
    stoppedAt: state === "running" ? undefined : deps.clock.now(),
  };
}
