import { policySpan } from "../../core/lifecycle/policy-check.ts";
import type { PolicyResult, PolicyValue } from "../../usecases/lifecycle/policy.ts";
import type { Style } from "../style.ts";
import { facts } from "./table.ts";

/** `policy set`, `show` and `clear` for a person. */
export function presentPolicy(style: Style, result: PolicyResult, verb: "set" | "show" | "clear"): string {
  const { box, policy, values, changed } = result;
  const done = verb === "set" ? "has a policy of its own now" : "is as its user and host have it again";
  const told = verb === "show" ? [] : [`  ${box.name} ${changed ? done : "was so already"}.`];
  const line = (value: PolicyValue, key: string) =>
    `${policySpan(value.span)}   ${style.faint(origin(value, box.owner, key))}`;
  return [
    ...told,
    facts(style, [
      ["stopped after", line(values.stopAfterIdle, "stopAfterIdle")],
      ["destroyed after", line(values.destroyAfterStopped, "destroyAfterStopped")],
      [
        "told",
        `${policySpan(policy.notice)} before${policy.reminder === null ? "" : `, and again ${policySpan(policy.reminder)} before`}`,
      ],
    ]),
  ].join("\n");
}

function origin({ from, chosen }: PolicyValue, owner: string, key: string): string {
  const limited =
    chosen === undefined ? "" : `; ${policySpan(chosen)} was chosen, lifecycle.bounds.${key} allows no other`;
  const places = {
    box: "chosen for this box",
    user: `users.${owner}.lifecycle.${key}`,
    host: `lifecycle.${key}`,
  };
  return `${places[from]}${limited}`;
}

/** `policy set`, `show` and `clear`, with --json; the schema is docs/json/policy.schema.json. */
export function policyJson({ box, policy, values, changed }: PolicyResult) {
  const value = ({ span, from }: PolicyValue) => ({ span: policySpan(span), from });
  return {
    name: box.name,
    stopAfterIdle: value(values.stopAfterIdle),
    destroyAfterStopped: value(values.destroyAfterStopped),
    notice: policySpan(policy.notice),
    reminder: policy.reminder === null ? null : policySpan(policy.reminder),
    changed,
  };
}
