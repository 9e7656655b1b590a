import type { Activity } from "../activity.ts";
import type { LifecycleConfig, SignalSwitches } from "../config/lifecycle-config.ts";
import { SECOND, type Millis } from "../time.ts";
import { blindTo } from "./blind.ts";
import { connectionSignals } from "./connections.ts";
import { countersNow, cpuSignal, networkSignal, type Counters } from "./counters.ts";
import type { Hold, LastActivity, Observation } from "./facts.ts";
import { holdFiles } from "./hold-files.ts";
import type { SampleRecord } from "./records.ts";
import {
  baseOf,
  clockWasSet,
  elapsedSince,
  keyOf,
  LEAST_WINDOW,
  readSample,
  writeSample,
  type Look,
  type Sample,
} from "./sample.ts";
import {
  agentSignals,
  NOTHING,
  sessionSignals,
  terminalSignal,
  together,
  workspaceSignal,
  type Finding,
  type Weighing,
} from "./signals.ts";

/** What a look at a box says about its use. */
export interface Seen {
  /** `failed`: what was seen is no proof that nobody uses it. */
  readonly observation: Observation;
  /** Why it failed, in a person's words. */
  readonly problem?: string | undefined;
  /** The newest sign of use of this look. The ledger may know a later one: that of our own commands. */
  readonly last?: LastActivity | undefined;
  /** What is true at the moment, as a sentence without its full stop. */
  readonly inUse: string | undefined;
  /** By a file in the box. */
  readonly hold: Hold | undefined;
  /** All signs, the newest first. */
  readonly signals?: readonly Signal[];
}

/** One sign of use. */
export interface Signal {
  readonly kind: keyof SignalSwitches;
  /** Never after the look. */
  readonly at: Millis;
  /** Short, as it is kept with the box: `terminal`, `agent claude`. */
  readonly by: string;
  /** In a person's words. */
  readonly words: string;
}

/** What there is to weigh. */
export interface Glance {
  readonly previous: Pick<SampleRecord, "at" | "data"> | undefined;
  /** Undefined: the box gave no answer, or none that can be read. */
  readonly activity: Activity | undefined;
  /** Why it gave none, in a person's words. */
  readonly problem?: string | undefined;
  readonly counters: Counters | undefined;
  readonly config: Pick<LifecycleConfig, "activity" | "maxHold">;
  /** By the host's clock. */
  readonly now: Millis;
}

export interface Weighed {
  readonly seen: Seen;
  /** For the next look, to be kept with `now`; undefined when this one is no ground for it. */
  readonly sample: string | undefined;
}

/**
 * What a look at a box says about its use. Total: whatever a box answers, it is an answer. Absence of signs counts only
 * where everything that could have been one was seen.
 */
export function weigh({ previous, activity, problem: cause, counters, config, now }: Glance): Weighed {
  if (activity === undefined) return failed(cause ?? "the box does not say what goes on in it");
  if (activity.instance === null || activity.uptimeSeconds === null)
    return failed("the box does not say since when it runs");
  const run = {
    instance: keyOf(activity.instance),
    uptime: activity.uptimeSeconds,
    started: activity.now - activity.uptimeSeconds * SECOND,
  };
  const kept = readSample(previous);
  const base = baseOf(kept, run);
  const age = (then: Millis) => Math.max(0, activity.now - then);
  const weighing: Weighing = { activity, base, config: config.activity, age, now };
  const elapsed = elapsedSince(kept, run, previous === undefined ? 0 : now - previous.at);
  const held = holdFiles(weighing, config.maxHold, kept, elapsed);
  const { finding, state } = findings(weighing, counters, held);
  const problem = clockWasSet(kept, run) ? "the clock was set since the last look" : finding.problem;
  const look: Look = { ...run, ...state, holds: held.holds };
  const last = kept?.looks[0];
  const isNew = last?.instance !== run.instance || last.uptime > run.uptime || elapsed >= LEAST_WINDOW;
  return {
    seen: seenOf({ ...finding, problem }, held.hold),
    sample: isNew ? writeSample(withLook(kept, look, elapsed)) : undefined,
  };
}

const failed = (problem: string): Weighed => ({
  seen: { observation: "failed", problem, inUse: undefined, hold: undefined, signals: [] },
  sample: undefined,
});

function seenOf({ signals, inUse, problem }: Finding, hold: Hold | undefined): Seen {
  const sorted = signals.toSorted((a, b) => b.at - a.at);
  const [newest] = sorted;
  // What is in use is so whatever else could not be seen.
  const isFailed = inUse === undefined && problem !== undefined;
  return {
    observation: isFailed ? "failed" : "fresh",
    problem: isFailed ? problem : undefined,
    last: newest && { at: newest.at, by: newest.by },
    inUse,
    hold,
    signals: sorted,
  };
}

/** All that the switches leave on, the most telling first, and what the next look needs of it. */
function findings(weighing: Weighing, counters: Counters | undefined, held: Finding) {
  const { signals: on } = weighing.config;
  const figures = countersNow(weighing.activity.cpu, counters);
  const agent = agentSignals(weighing);
  const connection = connectionSignals(weighing);
  const finding = together([
    on.agent ? agent : NOTHING,
    on.cpu ? cpuSignal(weighing, figures) : NOTHING,
    on.network ? networkSignal(weighing, figures) : NOTHING,
    on.connection ? together([connection, sessionSignals(weighing)]) : NOTHING,
    on.terminal ? terminalSignal(weighing) : NOTHING,
    on.workspace ? workspaceSignal(weighing) : NOTHING,
    held,
    { signals: [], problem: blindTo(weighing.activity.unreadable, on) },
  ]);
  const { connections, silent } = connection;
  return { finding, state: { ...figures, agents: agent.agents, connections, silent } };
}

/** The newest two looks of this run of the box, and how old what was found of work is by now. */
function withLook(kept: Sample | undefined, look: Look, elapsed: Millis): Sample {
  const before = (kept?.looks ?? []).filter(({ instance }) => instance === look.instance).slice(0, 1);
  const unpushed = kept?.unpushed && { ...kept.unpushed, age: kept.unpushed.age + elapsed };
  return { version: 1, looks: [look, ...before], unpushed };
}
