import type { BoxRecord } from "../../core/box.ts";
import { type DeviceRecord, isDue, nameOf } from "../../core/device.ts";
import { DevboxError, messageOf } from "../../core/errors.ts";
import type { BoxNode } from "../../core/tailnet.ts";
import { SECOND } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import type { Step } from "../journal.ts";
import { newDevice } from "./record.ts";
import { joinsTailnet } from "./join-step.ts";
import { askNode, logOut, type RunningNode } from "./node.ts";
import { type Pending, release } from "./release.ts";

/** How long a box that was started to be asked is given to answer, and how often it is asked. */
const ANSWER = { limit: 15 * SECOND, every: SECOND / 4 };

/** Whether a box may have a device on a tailnet. */
function mayHaveDevice(deps: Deps, box: BoxRecord): boolean {
  return joinsTailnet(deps) || deps.ledger.devicesOf(box.id).length > 0;
}

/** Before its container goes: what the box alone knows is written down, and it takes its leave. None where none is. */
export function leaveSteps(deps: Deps, box: BoxRecord): Step[] {
  if (!mayHaveDevice(deps, box)) return [];
  const run = async () => {
    await takeLeave(deps, box);
    return {};
  };
  return [{ name: "leave", title: "Logged out", run }];
}

/** After its container is gone: the control plane removes the device and has to prove it. FR-028, SC-005 */
export function deviceSteps(deps: Deps, box: BoxRecord): Step[] {
  if (!mayHaveDevice(deps, box)) return [];
  const run = async () => {
    const own = deps.ledger.devicesOf(box.id);
    const pending = await releaseOf(deps, box);
    if (pending.length > 0) return { problem: devicePending(box.name, pending) };
    const ids = own.flatMap(({ identity }) => (identity === undefined ? [] : [identity.nodeId]));
    return { detail: ids.length === 0 ? "it was not on it" : `device ${ids.join(", ")} proven gone` };
  };
  return [{ name: "device", title: "Left the tailnet", run }];
}

/**
 * Has the devices of a box that is gone removed, and with them what earlier commands could not prove gone.
 * @returns what is left of this box's
 */
export async function releaseOf(deps: Deps, box: Pick<BoxRecord, "id">): Promise<Pending[]> {
  deps.ledger.leaveDevices(box.id);
  const now = deps.clock.now();
  const isOwn = (device: DeviceRecord) => device.boxId === box.id;
  const due = deps.ledger.devices().filter((d) => d.state === "leaving" && (isOwn(d) || isDue(d, now)));
  if (due.length === 0) return [];
  try {
    const tailnet = await deps.tailnet();
    if (tailnet) return (await release(deps, tailnet, due)).filter(({ device }) => isOwn(device));
    throw new DevboxError("TAILNET_NOT_SET_UP", "the configuration names no tailnet (tailnet.provider).");
  } catch (error) {
    const why = messageOf(error);
    for (const { id } of due) deps.ledger.failDevice(id, why, now);
    return due.filter(isOwn).map((device) => ({ device, why }));
  }
}

function devicePending(name: string, pending: readonly Pending[]): DevboxError {
  const devices = pending.map(({ device }) => nameOf(device)).join(", ");
  return new DevboxError(
    "DEVICE_PENDING",
    `${name} is destroyed, but its tailnet device ${devices} is not proven gone.`,
    {
      why: [...new Set(pending.map(({ why }) => why))].join("\n"),
      next: [
        "There is nothing that you have to do: every later command tries again until it is gone",
        "See what is left: devbox-ctl tailnet status",
        "Try now: devbox-ctl tailnet cleanup",
      ],
    },
  );
}

/**
 * What only the box itself can tell is asked while it is there: whether a login that was interrupted made a device.
 * Nothing here keeps a box from being removed; what stays unknown is left in the ledger.
 */
export async function takeLeave(deps: Deps, box: BoxRecord): Promise<void> {
  if (!mayHaveDevice(deps, box)) return;
  try {
    const running = joinsTailnet(deps) ? await runningNode(deps, box) : undefined;
    if (running) {
      const node = await answerOf(deps, running);
      await writeDown(deps, running.node, node);
      deps.ledger.leaveDevices(box.id);
      try {
        await logOut(deps, running.node);
      } catch {
        // A login that a killed command had left at work may have come to its end only now; this waited for it.
        if (!node.identity) await writeDown(deps, running.node, await askNode(deps, running.node));
      }
    }
  } catch {
    // The control plane is asked afterwards in any case, and it is the one that counts.
  }
  deps.ledger.leaveDevices(box.id);
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

async function writeDown(deps: Deps, box: RunningNode, node: BoxNode): Promise<void> {
  const tailnet = await deps.tailnet();
  // A box without one proves nothing: its login may be at work still, or have been put back when the box was killed.
  if (tailnet === undefined || node.identity === undefined) return;
  deps.ledger.recordDevice(newDevice(box, tailnet, box.name), { ...node, identity: node.identity }, deps.clock.now());
}
