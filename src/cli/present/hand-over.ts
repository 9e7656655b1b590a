import type { HandOverResult } from "../../usecases/hand-over.ts";
import { boxJson } from "./box.ts";

/** The end of `hand-over`, after its steps. */
export function presentHanded({ box, from, changed, slots }: HandOverResult): string {
  if (!changed) return `  ${box.name} was ${box.owner}'s already.`;
  const count = `${String(slots.used)} of ${String(slots.allowed)}`;
  return `  ${box.name} is ${box.owner}'s now, and was ${from}'s; it is their box ${count}.`;
}

/** `hand-over --json`; its schema is docs/json/hand-over.schema.json. */
export function handedJson({ box, from, changed }: HandOverResult) {
  return { box: boxJson(box), from, changed };
}
