import { isBack, type Resumed } from "../../usecases/resume.ts";
import { problemJson } from "../json.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";

const WORDS: Readonly<Record<Resumed["outcome"], string>> = {
  started: "started",
  running: "was running",
  "to-start": "to be started",
  busy: "left to another command",
  failed: "failed",
};

/** `resume` for a person, or for the journal of its unit. */
export function presentResumed(style: Style, results: readonly Resumed[]): string {
  if (results.length === 0) return "  No box is meant to run.";
  const rows = results.map(({ name, owner, outcome }) => [name, owner, WORDS[outcome]]);
  const problems = results
    .filter((each) => !isBack(each))
    .flatMap(({ name, error }) => [
      `  ${style.bad("✗")} ${name}: ${[error?.message, error?.why].filter(Boolean).join(" ")}`,
      `    → devbox-ctl start ${name}`,
    ]);
  return [table(style, ["NAME", "OWNER", "OUTCOME"], rows), ...problems].join("\n");
}

/** `resume --json`; its schema is docs/json/resume.schema.json. */
export function resumedJson(results: readonly Resumed[]) {
  return {
    boxes: results.map(({ name, owner, outcome, error }) => ({
      ...{ name, owner, outcome },
      problem: problemJson(error),
    })),
  };
}
