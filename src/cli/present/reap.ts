import type { ReapResult } from "../../usecases/reap.ts";
import { orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";

const WORDS = { finish: "finish it", undo: "undo it", "retry-cleanup": "remove the device" } as const;

/** `reap` for a person, or for the journal of its unit. */
export function presentReaped(style: Style, { reapings, dryRun }: ReapResult): string {
  if (reapings.length === 0) return "  Nothing is to be done.";
  const rows = reapings.map(({ box, owner, state, action, reason, outcome }) => [
    ...[box, owner, state, WORDS[action]],
    outcome ?? "not yet: a dry run",
    reason,
  ]);
  const problems = reapings.flatMap(({ box, problem }) =>
    problem === undefined ? [] : [`  ${style.bad("✗")} ${box}: ${problem}`],
  );
  const patience = problems.length === 0 || dryRun ? [] : ["    → It is tried again by the next run"];
  const heading = ["BOX", "OWNER", "STATE", "ACTION", "OUTCOME", "REASON"];
  return [table(style, heading, rows), ...problems, ...patience].join("\n");
}

/** `reap --json`; its schema is docs/json/reap.schema.json. */
export function reapedJson({ reapings, dryRun }: ReapResult) {
  return {
    dryRun,
    decisions: reapings.map(({ box, owner, state, action, reason, outcome, problem }) => ({
      ...{ box, owner, state, action, reason },
      outcome: orNull(outcome),
      problem: orNull(problem),
    })),
  };
}
