import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, hasCode } from "../../core/errors.ts";
import { count, fewLines } from "../../core/text.ts";
import { joinPlan } from "../../core/tailnet.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import { ownBoxes, usableContainer } from "../access.ts";
import { recorded } from "../audit/record.ts";
import type { Deps } from "../deps.ts";
import { newOperation, runSteps, type Step } from "../journal.ts";
import { withLease } from "../lease.ts";
import { join } from "./join.ts";
import { isOfTailnet } from "./join-step.ts";
import { type KeyOnce, keyOf, keyStep } from "./key.ts";
import { settleName } from "./name.ts";
import { askNode, renewNode, type RunningNode, tryKey } from "./node.ts";
import { needTailnet } from "./needed.ts";
import { dropLogin, newDevice, withIdentity, wrongTags } from "./record.ts";
import { releaseLeft } from "./release.ts";

/** What became of one box. `waits`: it is stopped, and takes the key when it logs in next. */
export interface Rotation {
  readonly name: string;
  readonly outcome: "renewed" | "waits" | "failed";
  /** Why it failed; the box is what it was then. */
  readonly error: DevboxError | undefined;
}

/**
 * Logs a running box in anew with the key that its owner has now. The key is tried beside the box's own node first, so
 * that one that is refused, or gives other tags, changes nothing. FR-016
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, WRONG_STATE when it is stopped, the SECRETS_ and TAILNET_ codes
 */
export async function rotateKey(deps: Deps, input: { readonly name: string }): Promise<Rotation> {
  const tailnet = await needTailnet(deps);
  const rotation = await rotateOne(deps, tailnet, input.name, (owner) => ({ key: keyOf(deps, owner), proven: false }));
  await releaseLeft(deps, { force: false });
  if (rotation.outcome === "failed" && rotation.error) throw rotation.error;
  if (rotation.outcome === "renewed") return rotation;
  throw new DevboxError("WRONG_STATE", `${input.name} is stopped.`, {
    why: "A key is used to log in, and for nothing else: it takes the new one when it logs in next.",
    next: [`devbox-ctl start ${input.name}`],
  });
}

/**
 * The same for all boxes of the caller's own, one after the other; each owner's key is read and tried once. One that fails
 * does not stop the others.
 */
export async function rotateAll(deps: Deps): Promise<Rotation[]> {
  const tailnet = await needTailnet(deps);
  const keys = new Map<string, OwnersKey>();
  const keyFor = (owner: string): OwnersKey => {
    const known = keys.get(owner) ?? { key: keyOf(deps, owner), proven: false };
    keys.set(owner, known);
    return known;
  };
  const rotations: Rotation[] = [];
  for (const { name, phase } of ownBoxes(deps)) {
    if (phase !== "ready") continue;
    const audited = { command: "rotate-key", box: name, what: undefined };
    const rotate = () => rotateOne(deps, tailnet, name, keyFor);
    rotations.push(await recorded(deps, audited, rotate, ({ error }) => error));
  }
  await releaseLeft(deps, { force: false });
  return rotations;
}

/** A key that is read once, and whether it was seen to work. */
interface OwnersKey {
  readonly key: KeyOnce;
  proven: boolean;
}

async function rotateOne(
  deps: Deps,
  tailnet: Tailnet,
  name: string,
  keyFor: (owner: string) => OwnersKey,
): Promise<Rotation> {
  try {
    return await withLease(deps, name, "rotate-key", async (box) => {
      const containerId = usableContainer(box);
      if ((await deps.engine.inspect(containerId))?.state !== "running")
        return { name, outcome: "waits", error: undefined };
      await renew(deps, tailnet, { ...box, containerId }, keyFor(box.owner));
      return { name, outcome: "renewed", error: undefined };
    });
  } catch (error) {
    if (!isOfTailnet(error) && !hasCode(error, "BUSY", "CONTAINER_GONE", "WRONG_STATE")) throw error;
    return { name, outcome: "failed", error: unchanged(name, error) };
  }
}

async function renew(deps: Deps, tailnet: Tailnet, box: RunningNode & BoxRecord, owners: OwnersKey): Promise<void> {
  const node = await askNode(deps, box);
  if (joinPlan(node.state, node.identity !== undefined, undefined) !== "keep") {
    // It is not on the tailnet, so there is nothing to keep: it logs in with the key as it is now.
    await join(deps, tailnet, box, owners.key);
    return;
  }
  const operation = newOperation(deps, "rotate", {});
  deps.ledger.begin(box.id, operation, {});
  const steps = [
    ...(owners.proven ? [] : [keyStep(deps, box.owner, owners.key), trialStep(deps, tailnet, box, owners)]),
    renewStep(deps, tailnet, box, owners.key),
  ];
  try {
    await runSteps(deps, { id: operation.id, boxId: box.id, steps: [] }, steps);
  } finally {
    deps.ledger.finish(operation.id, box.id, {});
  }
}

function trialStep(deps: Deps, tailnet: Tailnet, box: RunningNode, owners: OwnersKey): Step {
  const run = async () => {
    const trial = newDevice(box, tailnet, `devbox-trial-${deps.host.newId(10)}`);
    deps.ledger.beginJoin(trial, deps.clock.now());
    try {
      const node = withIdentity(box, await tryKey(deps, box, trial.hostname, await owners.key()));
      deps.ledger.addLeaving(trial, node.identity, deps.clock.now());
      const problem = wrongTags(box, node);
      if (problem) throw problem;
    } catch (error) {
      if (hasCode(error, "TAILNET_KEY_REFUSED")) dropLogin(deps, trial);
      else deps.ledger.leaveDevices(box.id, trial.hostname);
      throw error;
    }
    owners.proven = true;
    return {};
  };
  return { name: "trial", title: "Key tried", run };
}

function renewStep(deps: Deps, tailnet: Tailnet, box: RunningNode, key: KeyOnce): Step {
  const run = async () => {
    const device = newDevice(box, tailnet, box.name);
    deps.ledger.beginJoin(device, deps.clock.now());
    const node = withIdentity(box, await renewNode(deps, box, await key()).catch(notReusable));
    deps.ledger.recordDevice(device, node, deps.clock.now());
    const named = await settleName(deps, tailnet, box, node);
    deps.ledger.recordDevice(device, named, deps.clock.now());
    const problem = wrongTags(box, named);
    if (problem) throw problem;
    return { detail: [named.dnsName, ...named.addresses.slice(0, 1)].join(" · ") };
  };
  return { name: "renew", title: "Logged in anew", run };
}

/** The trial has used the key: one that is refused right afterwards admits one device only. */
function notReusable(error: unknown): never {
  if (!hasCode(error, "TAILNET_KEY_REFUSED")) throw error;
  throw new DevboxError(error.code, error.message, {
    why: `${error.why ?? ""}\nThe key was good a moment ago, for the device with which it was tried.`.trim(),
    next: ["Make a reusable key: an auth key lets in all boxes of its user (docs/tailnet.md)", ...error.next],
    cause: error,
  });
}

/** The error for boxes of which some could not be logged in anew. */
export function partlyRotated(rotations: readonly Rotation[]): DevboxError | undefined {
  const failed = rotations.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]));
  const [first] = failed;
  if (first === undefined) return undefined;
  const done = rotations.filter(({ outcome }) => outcome === "renewed").map(({ name }) => name);
  const others = done.length === 0 ? "" : ` ${done.join(", ")} ${done.length === 1 ? "has" : "have"} it.`;
  return new DevboxError("PARTIAL", `the new key is not in use in ${count(failed.length, "box", "boxes")}.${others}`, {
    why: fewLines(failed.map(({ error }) => [error.message, error.why].filter(Boolean).join(" "))),
    next: first.error.next,
    cause: first.error,
  });
}

function unchanged(name: string, error: DevboxError): DevboxError {
  return new DevboxError(error.code, `${name} keeps its login as it was: ${error.message}`, {
    why: error.why,
    next: error.next,
    cause: error,
  });
}
