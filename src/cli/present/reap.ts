import { count } from "../../core/text.ts";
import { momentText, type Shown } from "../../core/lifecycle/moment-text.ts";
import type { Reaping, ReapResult } from "../../usecases/reap/result.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";

const WORDS: Readonly<Partial<Record<Reaping["action"], string>>> = {
  finish: "finish it",
  undo: "undo it",
  "retry-cleanup": "remove the device",
};

const wordOf = ({ action }: Reaping) => WORDS[action] ?? action;

/** `reap` for a person, or for the journal of its unit. */
export function presentReaped(style: Style, result: ReapResult, shown: Shown): string {
  return result.dryRun ? planText(style, result, shown) : doneText(style, result);
}

function planText(style: Style, { reapings, at }: ReapResult, { now, zone }: Shown): string {
  const rows = reapings.map((each) => [each.box, each.owner, each.state, wordOf(each), each.reason]);
  const boxes = new Set(reapings.map(({ box }) => box)).size;
  const actions = reapings.filter(({ action }) => action !== "none").length;
  const lines = rows.length === 0 ? [] : [table(style, ["BOX", "OWNER", "NOW", "ACTION", "REASON"], rows)];
  const when =
    at === undefined
      ? []
      : [`  As it will be on ${momentText(at, zone, now)} if nothing changes and all notices before are delivered.`];
  const sum = `  ${count(boxes, "box", "boxes")}, ${count(actions, "action")}. Nothing was done.`;
  return [...lines, ...when, sum].join("\n");
}

function doneText(style: Style, { reapings, problems }: ReapResult): string {
  const rows = reapings.map((each) => [
    each.box,
    each.owner,
    each.state,
    wordOf(each),
    each.outcome ?? "",
    each.reason,
  ]);
  const heading = ["BOX", "OWNER", "STATE", "ACTION", "OUTCOME", "REASON"];
  const lines = rows.length === 0 ? ["  Nothing is to be done."] : [table(style, heading, rows)];
  const bad = [
    ...reapings.flatMap(({ box, problem, outcome }) =>
      problem === undefined ? [] : [`  ${outcome === "left" ? style.warn("!") : style.bad("✗")} ${box}: ${problem}`],
    ),
    ...problems.map(({ part, problem, fatal }) => `  ${fatal ? style.bad("✗") : style.warn("!")} ${part}: ${problem}`),
  ];
  const patience = bad.length === 0 ? [] : ["    → It is tried again by the next run"];
  return [...lines, ...bad, ...patience].join("\n");
}

/** `reap --json`; its schema is docs/json/reap.schema.json. */
export function reapedJson({ reapings, problems, dryRun, at }: ReapResult) {
  return {
    dryRun,
    at: jsonTime(at),
    decisions: reapings.map(({ box, owner, state, action, reason, outcome, problem, ...more }) => ({
      ...{ box, owner, state, action, reason, code: orNull(more.code) },
      ...{ next: orNull(more.next), nextAt: jsonTime(more.at) },
      outcome: orNull(outcome),
      problem: orNull(problem),
    })),
    problems: problems.map(({ part, problem, fatal }) => ({ part, problem, fatal })),
  };
}
