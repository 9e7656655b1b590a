import type { JoinedNode } from "../../core/device.ts";
import { DevboxError, hasCode, messageOf } from "../../core/errors.ts";
import { type BoxNode, type JoinPlan, joinPlan } from "../../core/tailnet.ts";
import { SECOND } from "../../core/time.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { Deps } from "../deps.ts";
import type { KeyOnce } from "./key.ts";
import { settleName } from "./name.ts";
import { askNode, forgetNode, logIn, logOut, type RunningNode } from "./node.ts";
import { dropLogin, isNews, isUnrecorded, newDevice, withIdentity, wrongTags } from "./record.ts";
import { release } from "./release.ts";

/** How long a node that starts is given to be in touch with the control plane, and how often it is looked at. */
const SETTLE = { limit: 15 * SECOND, every: SECOND / 10 };

export interface Joined {
  readonly node: JoinedNode;
  /** Whether it had to log in, or was on the tailnet already. */
  readonly loggedIn: boolean;
}

/**
 * Sees to it that a running box is on the tailnet: logs it in when it never was, or when the control plane has
 * forgotten it, and only then. The caller holds the box's lease.
 * @throws {DevboxError} the TAILNET_ and SECRETS_ codes
 */
export async function join(deps: Deps, tailnet: Tailnet, box: RunningNode, key: KeyOnce): Promise<Joined> {
  const device = newDevice(box, tailnet, box.name);
  const [node, isKnown] = await lookedAt(deps, tailnet, box);
  const plan = joinPlan(node, isKnown);
  if (plan === "keep" && node.identity) {
    const joined = { ...node, identity: node.identity };
    if (isUnrecorded(deps, box.id, joined)) await keepOut(deps, tailnet, box, joined);
    const named = await settleName(deps, tailnet, box, joined);
    if (isNews(deps, box.id, named)) deps.ledger.recordDevice(device, named, deps.clock.now());
    return { node: named, loggedIn: false };
  }
  throwUnlessPossible(box, plan, node);
  if (plan === "forget") {
    deps.progress.remark(`the control plane has forgotten ${box.name}; it logs in anew`);
    await forgetNode(deps, box);
  }
  return { node: await logInWith(deps, tailnet, box, key), loggedIn: true };
}

async function logInWith(deps: Deps, tailnet: Tailnet, box: RunningNode, key: KeyOnce): Promise<JoinedNode> {
  const device = newDevice(box, tailnet, box.name);
  const secret = await key();
  deps.ledger.beginJoin(device, deps.clock.now());
  let node: BoxNode;
  try {
    node = await logIn(deps, box, secret);
  } catch (error) {
    // Refused is refused: nothing came of it. In all other cases something may have.
    if (hasCode(error, "TAILNET_KEY_REFUSED")) dropLogin(deps, device);
    throw error;
  }
  const joined = withIdentity(box, node);
  await keepOut(deps, tailnet, box, joined);
  deps.ledger.recordDevice(device, joined, deps.clock.now());
  const named = await settleName(deps, tailnet, box, joined);
  if (named !== joined) deps.ledger.recordDevice(device, named, deps.clock.now());
  return named;
}

/**
 * The node once it has settled, and whether the control plane has it, which is asked once: it takes its time, and has its
 * limits. Undefined when it does not answer.
 */
async function lookedAt(
  deps: Deps,
  tailnet: Tailnet,
  box: RunningNode,
): Promise<readonly [BoxNode, boolean | undefined]> {
  const since = deps.clock.monotonic();
  let asked: Promise<boolean | undefined> | undefined;
  for (;;) {
    const node = await askNode(deps, box);
    const isKnown = node.identity && (await (asked ??= knows(tailnet, node.identity.nodeId)));
    const isSettling = node.state === "NoState" || node.state === "Starting";
    // A node that the control plane has deleted tries to start for ever; there is nothing to wait for then.
    const isOver = isKnown === false || deps.clock.monotonic() - since > SETTLE.limit;
    if (!isSettling || isOver) return [node, isKnown];
    await deps.clock.sleep(SETTLE.every);
  }
}

/** Whether the control plane has a device. One that does not answer is no reason to log anything in. */
async function knows(tailnet: Tailnet, nodeId: string): Promise<boolean | undefined> {
  try {
    return (await tailnet.device(nodeId)) !== undefined;
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    return undefined;
  }
}

/** @throws {DevboxError} TAILNET_FAILED for a node that no login would help */
function throwUnlessPossible({ name }: RunningNode, plan: JoinPlan, { state }: BoxNode): void {
  if (plan !== "approve" && plan !== "impossible") return;
  throw new DevboxError("TAILNET_FAILED", `${name} is not on the tailnet: its tailscaled says ${state}.`, {
    ...(plan === "approve" ? { why: "The tailnet wants an administrator to approve new devices." } : {}),
    next:
      plan === "approve"
        ? ["Approve it in the admin console, or make the auth key a pre-approved one", `devbox-ctl restart ${name}`]
        : [`devbox-ctl restart ${name}`, `devbox-ctl logs ${name} --service tailscaled`],
  });
}

/** How often the control plane is asked for a device that has just logged in, and milliseconds between. */
const SEEN = { times: 8, after: SECOND / 2 };

/**
 * A credential of another tailnet knows none of our devices, and would "prove" each of them gone. So each device is
 * seen once, right after its login. A control plane that does not answer is no such sign.
 */
async function unseen(deps: Deps, tailnet: Tailnet, { identity }: JoinedNode): Promise<DevboxError | undefined> {
  for (let asked = 1; asked <= SEEN.times; asked += 1) {
    if ((await knows(tailnet, identity.nodeId)) !== false) return undefined;
    await deps.clock.sleep(SEEN.after);
  }
  return new DevboxError("TAILNET_API_REFUSED", `${tailnet.title} does not know the device that has just logged in.`, {
    why: `Asked at ${tailnet.control} for the device ${identity.nodeId}.`,
    next: [
      "An administrator: tailnet.api and the auth keys have to be of the same tailnet; name it in tailnet.api.tailnet",
      "See what answers: devbox-ctl tailnet status",
    ],
  });
}

/**
 * Takes a box that has logged in with the wrong tags off the tailnet again, while it goes on running: with others it may
 * be reached by others, or reach them, so it does not stay for a moment. Nor does one that could never be proven gone.
 * Never recorded as joined, not even by a kill.
 * @throws {DevboxError} TAILNET_WRONG_TAGS, TAILNET_API_REFUSED, when it is taken off
 */
async function keepOut(deps: Deps, tailnet: Tailnet, box: RunningNode, node: JoinedNode): Promise<void> {
  const problem = wrongTags(box, node) ?? (await unseen(deps, tailnet, node));
  if (problem === undefined) return;
  deps.ledger.addLeaving(newDevice(box, tailnet, box.name), node.identity, deps.clock.now());
  deps.ledger.leaveDevices(box.id);
  try {
    await logOut(deps, box);
  } catch (error) {
    deps.progress.remark(`${box.name} could not be logged out: ${messageOf(error)}`);
  }
  await release(deps, tailnet, deps.ledger.devicesOf(box.id));
  throw problem;
}
