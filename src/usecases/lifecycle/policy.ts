import type { BoxRecord } from "../../core/box.ts";
import type { Config } from "../../core/config/config.ts";
import { DevboxError } from "../../core/errors.ts";
import type { LifecyclePolicy } from "../../core/lifecycle/facts.ts";
import { chosenSpan } from "../../core/lifecycle/policy-check.ts";
import { policyFor } from "../../core/lifecycle/policy.ts";
import type { BoxPolicy } from "../../core/lifecycle/records.ts";
import type { Millis } from "../../core/time.ts";
import { findBox, throwUnlessReady } from "../access.ts";
import type { Deps } from "../deps.ts";

/** One span that holds for a box, and who said it. */
export interface PolicyValue {
  /** Null: never. */
  readonly span: Millis | null;
  readonly from: "box" | "user" | "host";
  /** What was chosen for the box, where bounds that became narrower since do not let it be. */
  readonly chosen: Millis | null | undefined;
}

export interface PolicyResult {
  readonly box: BoxRecord;
  readonly policy: LifecyclePolicy;
  readonly values: Readonly<Record<keyof BoxPolicy, PolicyValue>>;
  /** False when it was so already. */
  readonly changed: boolean;
}

export interface PolicyInput {
  readonly name: string;
  /** As they were typed; undefined: as it was. */
  readonly stopAfter: string | undefined;
  readonly destroyAfter: string | undefined;
}

type NamedBox = Pick<PolicyInput, "name">;

/**
 * Chooses how long a box may be unused, within the administrators' bounds.
 * @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE, USAGE, LIMIT_LIFECYCLE
 */
export function setPolicy(deps: Deps, input: PolicyInput): PolicyResult {
  const box = findBox(deps, input.name);
  throwUnlessReady(box);
  if (input.stopAfter === undefined && input.destroyAfter === undefined) throw nothingSaid(box.name);
  const before = deps.ledger.policies().get(box.id);
  const { bounds } = deps.config.lifecycle;
  const chosen = (key: keyof BoxPolicy, text: string | undefined) =>
    text === undefined ? before?.[key] : chosenSpan(key, text, bounds[key]);
  return keep(deps, box, {
    stopAfterIdle: chosen("stopAfterIdle", input.stopAfter),
    destroyAfterStopped: chosen("destroyAfterStopped", input.destroyAfter),
  });
}

/** @throws {DevboxError} BOX_NOT_FOUND */
export function showPolicy(deps: Deps, { name }: NamedBox): PolicyResult {
  const box = findBox(deps, name);
  return { box, ...policyOf(deps.config, box.owner, deps.ledger.policies().get(box.id)), changed: false };
}

/** Goes back to what the box's user and host have. @throws {DevboxError} BOX_NOT_FOUND */
export function clearPolicy(deps: Deps, { name }: NamedBox): PolicyResult {
  return keep(deps, findBox(deps, name), { stopAfterIdle: undefined, destroyAfterStopped: undefined });
}

function keep(deps: Deps, box: BoxRecord, own: BoxPolicy): PolicyResult {
  const before = deps.ledger.policies().get(box.id);
  const changed =
    before?.stopAfterIdle !== own.stopAfterIdle || before?.destroyAfterStopped !== own.destroyAfterStopped;
  if (changed) deps.ledger.setPolicy(box.id, own);
  return { box, ...policyOf(deps.config, box.owner, own), changed };
}

/** What holds for a box, with where each value comes from. */
function policyOf(
  config: Pick<Config, "lifecycle" | "users">,
  owner: string,
  own: BoxPolicy | undefined,
): Pick<PolicyResult, "policy" | "values"> {
  const policy = policyFor(config, owner, own);
  const value = (key: keyof BoxPolicy): PolicyValue => {
    const [span, chosen] = [policy[key], own?.[key]];
    const usual = config.users[owner]?.lifecycle?.[key] === undefined ? "host" : "user";
    return { span, from: chosen === undefined ? usual : "box", chosen: chosen === span ? undefined : chosen };
  };
  return {
    policy,
    values: { stopAfterIdle: value("stopAfterIdle"), destroyAfterStopped: value("destroyAfterStopped") },
  };
}

function nothingSaid(name: string): DevboxError {
  return new DevboxError("USAGE", "policy set needs a span.", {
    why: "Neither --stop-after nor --destroy-after was given.",
    next: [`For example: devbox-ctl policy set ${name} --stop-after 3d --destroy-after 30d`],
  });
}
