import type { Millis } from "../../core/time.ts";
import type { Deps } from "../deps.ts";
import { hasFailed, type ReapResult } from "./result.ts";

/** What is kept of the last run, for `metrics` and `doctor`. */
export interface RunRecord {
  readonly startedAt: Millis;
  /** Milliseconds. */
  readonly duration: number;
  readonly failed: boolean;
  /** How many of each action were done. */
  readonly done: Readonly<Record<string, number>>;
  /** What failed, by box, or by part of the run. */
  readonly problems: readonly { readonly of: string; readonly problem: string }[];
}

/** The whole run, and the short one for schedules, each with its last record. */
export type RunKind = "all" | "schedules";

const keyOf = (kind: RunKind) => `reaper.run.${kind}`;

/** Enters how a run went. */
export function keepRun(
  { ledger }: Pick<Deps, "ledger">,
  kind: RunKind,
  result: ReapResult,
  { startedAt, duration }: Pick<RunRecord, "startedAt" | "duration">,
): void {
  const done: Record<string, number> = {};
  for (const { action, outcome } of result.reapings) if (outcome === "done") done[action] = (done[action] ?? 0) + 1;
  const problems = [
    ...result.reapings.flatMap(({ box, outcome, problem }) =>
      outcome === "failed" ? [{ of: box, problem: problem ?? "" }] : [],
    ),
    ...result.problems.filter(({ fatal }) => fatal).map(({ part, problem }) => ({ of: part, problem })),
  ];
  const record: RunRecord = { startedAt, duration: Math.round(duration), failed: hasFailed(result), done, problems };
  ledger.setFact(keyOf(kind), JSON.stringify(record));
}

/** How the last run went; undefined when there was none, or another version of the program wrote it. */
export function lastRun({ ledger }: Pick<Deps, "ledger">, kind: RunKind): RunRecord | undefined {
  const kept = ledger.fact(keyOf(kind));
  if (kept === undefined) return undefined;
  const record = JSON.parse(kept) as Partial<RunRecord>;
  const { startedAt, duration, failed, done, problems } = record;
  if (startedAt === undefined || duration === undefined || failed === undefined) return undefined;
  return { startedAt, duration, failed, done: done ?? {}, problems: problems ?? [] };
}
