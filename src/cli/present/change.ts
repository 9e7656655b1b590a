import type { DesiredState } from "../../core/box.ts";
import type { ChangeResult } from "../../usecases/start.ts";
import { boxJson } from "./box.ts";

/** The end of `start`, `stop` and `restart`. */
export function presentChange(result: ChangeResult, state: DesiredState, done: string): string {
  return result.changed ? `  ${result.box.name} is ${done}.` : `  ${result.box.name} was ${state} already.`;
}

/** Their `--json`; the schema is docs/json/change.schema.json. */
export function changeJson(result: ChangeResult, state: DesiredState) {
  return { box: boxJson(result.box), state, changed: result.changed };
}
