import type { JoinedNode } from "../../core/device.ts";
import { DevboxError, hasCode, messageOf } from "../../core/errors.ts";
import { type BoxNode, type JoinPlan, joinPlan, type TailnetDevice } from "../../core/tailnet.ts";
import { SECOND } from "../../core/time.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import type { Deps } from "../deps.ts";
import type { KeyOnce } from "./key.ts";
import { settleName } from "./name.ts";
import { askNode, forgetNode, logIn, logOut, type RunningNode } from "./node.ts";
import { dropLogin, isItsOwn, isNews, isSameKey, isUnrecorded, newDevice, withIdentity, wrongTags } from "./record.ts";
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
  const recorded = recordedAt(deps, tailnet, box);
  const { node, isKnown } = await lookedAt(deps, tailnet, box, recorded);
  const joined = node.identity ? { ...node, identity: node.identity } : recorded;
  const plan = joinPlan(node.state, joined !== undefined, isKnown);
  if (plan === "keep" && joined) {
    if (node.state === "Running") return { node: await kept(deps, tailnet, box, joined), loggedIn: false };
    deps.progress.remark(`${box.name} is not in touch with the control plane; it connects by itself when that answers`);
    return { node: joined, loggedIn: false };
  }
  throwUnlessPossible(box, plan, node);
  if (plan === "forget") {
    deps.progress.remark(`the control plane has forgotten ${box.name}; it logs in anew`);
    await forgetNode(deps, box);
  }
  return { node: await logInWith(deps, tailnet, box, key), loggedIn: true };
}

/** A box that is on the tailnet, as it is recorded from now on. */
async function kept(deps: Deps, tailnet: Tailnet, box: RunningNode, node: JoinedNode): Promise<JoinedNode> {
  if (isUnrecorded(deps, box.id, node)) await keepOut(deps, tailnet, box, node);
  const named = await settleName(deps, tailnet, box, node);
  if (isNews(deps, box.id, named)) {
    deps.ledger.recordDevice(newDevice(box, tailnet, box.name), named, deps.clock.now());
  }
  return named;
}

/** The box's device, if it was recorded at this control plane. */
function recordedAt({ ledger }: Deps, { control }: Tailnet, { id }: RunningNode): JoinedNode | undefined {
  const device = ledger.devicesOf(id).find((one) => one.state === "joined" && one.control === control);
  return device?.identity && { ...device, identity: device.identity };
}

async function logInWith(deps: Deps, tailnet: Tailnet, box: RunningNode, key: KeyOnce): Promise<JoinedNode> {
  const device = newDevice(box, tailnet, box.name);
  const secret = await key();
  deps.ledger.beginJoin(device, deps.clock.now());
  let node: BoxNode;
  try {
    node = await logIn(deps, box, secret);
  } catch (error) {
    // Refused is refused, and what was never reached has made nothing. In all other cases something may have come of it.
    if (hasCode(error, "TAILNET_KEY_REFUSED") || isNeverReached(error)) dropLogin(deps, device);
    throw error;
  }
  const joined = withIdentity(box, node);
  await keepOut(deps, tailnet, box, joined);
  deps.ledger.recordDevice(device, joined, deps.clock.now());
  const named = await settleName(deps, tailnet, box, joined);
  if (named !== joined) deps.ledger.recordDevice(device, named, deps.clock.now());
  return named;
}

/** Whether a login failed before anything could be asked of the control plane, in tailscaled's words. */
function isNeverReached(error: unknown): boolean {
  const words = /fetch control key|all connection attempts failed|connection refused|no such host/;
  return hasCode(error, "TAILNET_UNREACHABLE") && words.test(error.why ?? "");
}

interface Look {
  readonly node: BoxNode;
  /** Whether the control plane has it; undefined when it does not answer. */
  readonly isKnown: boolean | undefined;
}

/** The node once it has settled. The control plane is asked once: it takes its time, and has its limits. */
async function lookedAt(
  deps: Deps,
  tailnet: Tailnet,
  box: RunningNode,
  recorded: JoinedNode | undefined,
): Promise<Look> {
  const since = deps.clock.monotonic();
  let asked: Promise<TailnetDevice | DevboxError | undefined> | undefined;
  for (;;) {
    const node = await askNode(deps, box);
    const identity = node.identity ?? recorded?.identity;
    const device = identity && (await (asked ??= deviceOrError(tailnet, identity.nodeId)));
    const isSilent = device instanceof DevboxError;
    const isKnown =
      isSilent || identity === undefined ? undefined : device !== undefined && isSameKey(identity, device);
    const isSettling = node.state === "NoState" || node.state === "Starting";
    // Without its control plane, or deleted from it, a node tries to start for ever: there is nothing to wait for.
    const isVain = isKnown === false || hasCode(device, "TAILNET_UNREACHABLE");
    const isOver = isVain || deps.clock.monotonic() - since > SETTLE.limit;
    if (!isSettling || isOver) return { node, isKnown };
    await deps.clock.sleep(SETTLE.every);
  }
}

/** A device, or why the control plane cannot be asked, which is no reason to log anything in. */
async function deviceOrError(tailnet: Tailnet, nodeId: string): Promise<TailnetDevice | DevboxError | undefined> {
  return tailnet.device(nodeId).catch((error: unknown) => {
    if (error instanceof DevboxError) return error;
    throw error;
  });
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
 * seen once, right after its login, and has to be the box's own. A control plane that does not answer is said to.
 */
async function unseen(
  deps: Deps,
  tailnet: Tailnet,
  { name }: RunningNode,
  node: JoinedNode,
): Promise<DevboxError | undefined> {
  const { nodeId } = node.identity;
  for (let asked = 1; asked <= SEEN.times; asked += 1) {
    const device = await deviceOrError(tailnet, nodeId);
    if (device instanceof DevboxError) {
      deps.progress.remark(
        `${tailnet.title} could not be asked for the device of ${name}, and could not remove it: ${device.message}`,
      );
      return undefined;
    }
    if (device && isItsOwn(name, node, device)) return undefined;
    await deps.clock.sleep(SEEN.after);
  }
  return new DevboxError(
    "TAILNET_API_REFUSED",
    `${tailnet.title} does not know ${name} as the device that it says it is.`,
    {
      why: `Asked at ${tailnet.control} for the device ${nodeId} with the host name ${name}.`,
      next: [
        "An administrator: tailnet.api and the auth keys have to be of the same tailnet; name it in tailnet.api.tailnet",
        "See what answers: devbox-ctl tailnet status",
      ],
    },
  );
}

/**
 * Takes a box that has logged in with the wrong tags off the tailnet again, while it goes on running: with others it may
 * be reached by others, or reach them, so it does not stay for a moment. Nor does one that could never be proven gone.
 * Never recorded as joined, not even by a kill.
 * @throws {DevboxError} TAILNET_WRONG_TAGS, TAILNET_API_REFUSED, when it is taken off
 */
async function keepOut(deps: Deps, tailnet: Tailnet, box: RunningNode, node: JoinedNode): Promise<void> {
  const problem = wrongTags(box, node) ?? (await unseen(deps, tailnet, box, node));
  if (problem === undefined) return;
  // One that is not its own is not its to have removed.
  if (problem.code === "TAILNET_WRONG_TAGS") {
    deps.ledger.addLeaving(newDevice(box, tailnet, box.name), node.identity, deps.clock.now());
  }
  deps.ledger.leaveDevices(box.id);
  try {
    await logOut(deps, box);
  } catch (error) {
    deps.progress.remark(`${box.name} could not be logged out: ${messageOf(error)}`);
  }
  await release(deps, tailnet, deps.ledger.devicesOf(box.id));
  throw problem;
}
