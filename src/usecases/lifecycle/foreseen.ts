import type { BoxRecord } from "../../core/box.ts";
import { decide } from "../../core/lifecycle/decide.ts";
import { policyFor } from "../../core/lifecycle/policy.ts";
import type { Decided } from "../../core/lifecycle/sentences.ts";
import type { Deps } from "../deps.ts";
import { gather, type Containers } from "./gather.ts";
import { asLastSeen } from "./unseen.ts";

/** What becomes of boxes by what was seen of them last: nobody looks at them for it. */
export async function foreseenOf(
  deps: Pick<Deps, "ledger" | "host" | "config" | "clock">,
  boxes: readonly BoxRecord[],
  containers: Containers,
): Promise<ReadonlyMap<string, Decided>> {
  if (boxes.length === 0) return new Map();
  const now = deps.clock.now();
  const policies = deps.ledger.policies();
  const facts = await gather(deps, boxes, { containers, seen: asLastSeen(deps, boxes), now });
  const decisionOn = (each: Decided["facts"]) =>
    decide(each, policyFor(deps.config, each.owner, policies.get(each.id)), now);
  return new Map(facts.map((each) => [each.id, { facts: each, decision: decisionOn(each) }]));
}
