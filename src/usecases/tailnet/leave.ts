import type { BoxRecord } from "../../core/box.ts";
import { type DeviceRecord, isDue, nameOf } from "../../core/device.ts";
import { DevboxError, hasCode } from "../../core/errors.ts";
import type { BoxNode } from "../../core/tailnet.ts";
import { SECOND } from "../../core/time.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { Deps } from "../deps.ts";
import type { Step } from "../journal.ts";
import { isItsOwn, newDevice } from "./record.ts";
import { joinsTailnet } from "./join-step.ts";
import { askNode, logOut, type RunningNode } from "./node.ts";
import { type Pending, type Reason, reasonOf, releaseAll } from "./release.ts";

/** How long a box that was started to be asked is given to answer, and how often it is asked. */
const ANSWER = { limit: 15 * SECOND, every: SECOND / 4 };

/** Whether a box may have a device on a tailnet. */
function mayHaveDevice(deps: Deps, box: BoxRecord): boolean {
  return joinsTailnet(deps) || deps.ledger.devicesOf(box.id).length > 0;
}

/** A box's leave, in two steps around the removal of its container; none where it has no device. FR-028, SC-005 */
export interface Leave {
  /** What the box alone knows is written down, and it logs out. */
  readonly before: Step[];
  /** The control plane removes the device and has to prove it. */
  readonly after: Step[];
}

export function leaveSteps(deps: Deps, box: BoxRecord): Leave {
  if (!mayHaveDevice(deps, box)) return { before: [], after: [] };
  let unheard: Reason | undefined;
  const before = async () => {
    unheard = await takeLeave(deps, box);
    return unheard === undefined ? {} : { detail: `without the control plane: ${unheard.why}` };
  };
  const after = async () => {
    const own = deps.ledger.devicesOf(box.id);
    const pending = await releaseOf(deps, box, unheard);
    if (pending.length > 0) return { problem: devicePending(box.name, pending) };
    const ids = own.flatMap(({ identity }) => (identity === undefined ? [] : [identity.nodeId]));
    return { detail: ids.length === 0 ? "it was not on it" : `device ${ids.join(", ")} proven gone` };
  };
  return {
    before: [{ name: "leave", title: "Logged out", run: before }],
    after: [{ name: "device", title: "Left the tailnet", run: after }],
  };
}

/**
 * Has the devices of a box that is gone removed, and with them what earlier commands could not prove gone.
 * @param unheard why the control plane need not be asked again, when it did not answer just now
 * @returns what is left of this box's
 */
export async function releaseOf(deps: Deps, box: Pick<BoxRecord, "id">, unheard?: Reason): Promise<Pending[]> {
  deps.ledger.leaveDevices(box.id);
  const now = deps.clock.now();
  const isOwn = (device: DeviceRecord) => device.boxId === box.id;
  if (unheard !== undefined) {
    const own = deps.ledger.devices().filter(isOwn);
    for (const { id } of own) deps.ledger.failDevice(id, unheard.why, now);
    return own.map((device) => ({ device, ...unheard }));
  }
  const due = deps.ledger.devices().filter((d) => d.state === "leaving" && (isOwn(d) || isDue(d, now)));
  if (due.length === 0) return [];
  return (await releaseAll(deps, due)).filter(({ device }) => isOwn(device));
}

function devicePending(name: string, pending: readonly Pending[]): DevboxError {
  const devices = pending.map(({ device }) => nameOf(device)).join(", ");
  const next = [...new Set(pending.flatMap((each) => each.next))];
  const patience = "There is nothing that you have to do: every later command tries again until it is gone";
  return new DevboxError(
    "DEVICE_PENDING",
    `${name} is destroyed, but its tailnet device ${devices} is not proven gone.`,
    {
      why: [...new Set(pending.map(({ why }) => why))].join("\n"),
      next: [
        ...(next.length === 0 ? [patience] : next),
        "See what is left: devbox-ctl tailnet status",
        next.length === 0 ? "Try now: devbox-ctl tailnet cleanup" : "Then: devbox-ctl tailnet cleanup",
      ],
    },
  );
}

/**
 * What only the box itself can tell is asked while it is there: whether a login that was interrupted made a device.
 * Nothing here keeps a box from being removed; what stays unknown is left in the ledger.
 * @returns why the control plane could not be told, when it does not answer
 */
export async function takeLeave(deps: Deps, box: BoxRecord): Promise<Reason | undefined> {
  if (!mayHaveDevice(deps, box)) return undefined;
  let unheard: Reason | undefined;
  try {
    const tailnet = await deps.tailnet();
    if (tailnet !== undefined) unheard = await silence(tailnet);
    // A box waits long for a control plane that does not answer, and has nothing to tell without one.
    if (tailnet !== undefined && unheard === undefined) await sayGoodbye(deps, tailnet, box);
  } catch {
    // The control plane is asked afterwards in any case, and it is the one that counts.
  }
  deps.ledger.leaveDevices(box.id);
  return unheard;
}

/** Why a control plane does not answer at all; undefined when it does, and be it to refuse. */
async function silence(tailnet: Tailnet): Promise<Reason | undefined> {
  try {
    await tailnet.devices();
    return undefined;
  } catch (error) {
    return hasCode(error, "TAILNET_UNREACHABLE") ? reasonOf(error) : undefined;
  }
}

async function sayGoodbye(deps: Deps, tailnet: Tailnet, box: BoxRecord): Promise<void> {
  const running = await runningNode(deps, box);
  if (running === undefined) return;
  const node = await answerOf(deps, running);
  await writeDown(deps, tailnet, running.node, node);
  deps.ledger.leaveDevices(box.id);
  try {
    await logOut(deps, running.node);
  } catch {
    // A login that a killed command had left at work may have come to its end only now; this waited for it.
    if (!node.identity) await writeDown(deps, tailnet, running.node, await askNode(deps, running.node));
  }
}

interface Asked {
  readonly node: RunningNode;
  /** It was started to be asked, so its first answers are to be waited for. */
  readonly isNew: boolean;
}

/** The box as one that can be asked; one that is stopped is started only when nobody else could know. */
async function runningNode(deps: Deps, box: BoxRecord): Promise<Asked | undefined> {
  const { containerId } = box;
  if (containerId === undefined) return undefined;
  const detail = await deps.engine.inspect(containerId);
  if (detail === undefined) return undefined;
  const isUncertain = deps.ledger.devicesOf(box.id).some(({ identity }) => identity === undefined);
  const isNew = detail.state !== "running";
  if (isNew) {
    if (!isUncertain) return undefined;
    await deps.engine.startBox(containerId, box.id);
  }
  return { node: { ...box, containerId }, isNew };
}

async function answerOf(deps: Deps, { node: box, isNew }: Asked): Promise<BoxNode> {
  const since = deps.clock.monotonic();
  const isOver = () => !isNew || deps.clock.monotonic() - since > ANSWER.limit;
  for (;;) {
    try {
      const node = await askNode(deps, box);
      if (node.state !== "NoState" || isOver()) return node;
    } catch (error) {
      if (isOver()) throw error;
    }
    await deps.clock.sleep(ANSWER.every);
  }
}

/**
 * Writes down a device that nobody has recorded, as the box tells it and the control plane confirms. One that is
 * recorded already stays as it is: it is another control plane's when the configuration was changed meanwhile.
 */
async function writeDown(deps: Deps, tailnet: Tailnet, box: RunningNode, node: BoxNode): Promise<void> {
  // A box without one proves nothing: its login may be at work still, or have been put back when the box was killed.
  const { identity } = node;
  if (identity === undefined) return;
  const recorded = deps.ledger.devicesOf(box.id);
  if (recorded.some((device) => device.identity?.nodeKey === identity.nodeKey)) return;
  const device = await tailnet.device(identity.nodeId);
  const joined = { ...node, identity };
  if (device === undefined || !isItsOwn(box.name, joined, device)) return;
  deps.ledger.recordDevice(newDevice(box, tailnet, box.name), joined, deps.clock.now());
}
