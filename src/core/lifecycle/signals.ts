import type { Activity } from "../activity.ts";
import type { ActivityConfig } from "../config/lifecycle-config.ts";
import { clipped } from "../text.ts";
import type { Millis } from "../time.ts";
import type { Signal } from "./activity.ts";
import { keyOf, type Base, type Look } from "./sample.ts";

/** Per cent of a core below which an agent is not seen to compute; two seconds in twenty minutes are more. */
const AGENT_PERCENT = 0.1;

/** One answer of the probe, told against what was before. */
export interface Weighing {
  readonly activity: Activity;
  readonly base: Base;
  readonly config: ActivityConfig;
  /** How long before the answer something was, in milliseconds by the box's own clock; never negative. */
  readonly age: (then: Millis) => Millis;
  readonly now: Millis;
}

/** What one kind of signal says. */
export interface Finding {
  readonly signals: readonly Signal[];
  /** What is true at the moment. */
  readonly inUse?: string | undefined;
  /** What could not be told, where that would have decided. */
  readonly problem?: string | undefined;
}

export const NOTHING: Finding = { signals: [] };

/**
 * Something that counts for a span after its last real sign, although nothing more is seen of it.
 * @param idle milliseconds since that sign
 */
export function lasting({ now }: Weighing, idle: Millis, span: Millis, sign: Omit<Signal, "at">): Finding {
  return { signals: [{ ...sign, at: now - Math.max(0, idle - span) }], inUse: idle < span ? sign.words : undefined };
}

export const together = (findings: readonly Finding[]): Finding => ({
  signals: findings.flatMap(({ signals }) => signals),
  inUse: findings.find(({ inUse }) => inUse !== undefined)?.inUse,
  problem: findings.find(({ problem }) => problem !== undefined)?.problem,
});

/** What was typed. */
export function terminalSignal({ activity, age, now }: Weighing): Finding {
  const { terminals, sessions, agents, detached } = activity;
  const ages = [terminals, ...sessions, ...agents, ...detached]
    .map((it) => it?.lastInput ?? undefined)
    .flatMap((input) => (input === undefined ? [] : [age(input)]));
  if (ages.length === 0) return NOTHING;
  const at = now - Math.min(...ages);
  return { signals: [{ kind: "terminal", at, by: "terminal", words: "something was typed in a terminal" }] };
}

/** What changed in the workspace. Files whose time lies ahead are not in it. */
export function workspaceSignal({ activity: { workspace }, age, now }: Weighing): Finding {
  if (typeof workspace?.lastChange !== "number") return NOTHING;
  const what = workspace.path === null || workspace.path === "" ? "something" : clipped(workspace.path);
  const at = now - age(workspace.lastChange);
  return { signals: [{ kind: "workspace", at, by: "workspace", words: `${what} changed in the workspace` }] };
}

const SESSION = {
  "tailscale-ssh": { by: "ssh", words: "an SSH session is open" },
  exec: { by: "session", words: "a session is open" },
  zed: { by: "zed", words: "a Zed editor is connected" },
} as const;

/** How long the box has been running, which nothing in it can be older than. */
const lifetime = ({ activity }: Weighing): Millis => (activity.uptimeSeconds ?? 0) * 1000;

/**
 * Sessions: opening one is use, and an open one is for a span after that and after the last that was typed. Forwarded
 * ports are judged by their connections, which a browser makes as it likes.
 */
export function sessionSignals(weighing: Weighing): Finding {
  const { activity, age, config } = weighing;
  const findings = activity.sessions.map(({ kind, since, lastInput }) => {
    if (kind === "forward") return NOTHING;
    const begun = since === null ? lifetime(weighing) : age(since);
    const idle = Math.min(begun, lastInput === null ? begun : age(lastInput));
    return lasting(weighing, idle, config.connection, { kind: "connection", ...SESSION[kind] });
  });
  return together(findings);
}

/**
 * Coding agents: one is at work until it has neither read, written nor computed for a span.
 * `agents`: for the next look.
 */
export function agentSignals(weighing: Weighing): Finding & Pick<Look, "agents"> {
  const { activity, config } = weighing;
  const states = activity.agents.map((agent) => ({ name: agent.name, ...agentNow(weighing, agent) }));
  const findings = states.map(({ name, idle }) => {
    const by = `agent ${clipped(name)}`;
    return lasting(weighing, idle, config.agent, { kind: "agent", by, words: `the ${by} is at work` });
  });
  return { ...together(findings), agents: states.map(({ key, cpu, idle, floor }) => ({ key, cpu, idle, floor })) };
}

/**
 * How long an agent has done nothing. One that waits for its person still uses a little CPU time, always about as much:
 * so computing is more than twice the least that was seen of it.
 */
function agentNow(weighing: Weighing, agent: Activity["agents"][number]): Look["agents"][number] {
  const { base, age } = weighing;
  const key = keyOf(agent.name, agent.pid);
  const cpu = agent.cpuSeconds ?? 0;
  const before = base.look?.agents.find((known) => known.key === key);
  const lived = agent.since === null ? lifetime(weighing) : age(agent.since);
  const window = before === undefined ? Math.max(lived, 1) : base.window;
  const rate = (100 * (cpu - (before?.cpu ?? 0)) * 1000) / window;
  const floor = before?.floor ?? null;
  // Less than before: what it had started has ended apart from it.
  const computed = rate < 0 || rate >= Math.max(AGENT_PERCENT, 2 * (floor ?? 0));
  const said = [agent.lastInput, agent.lastOutput].flatMap((then) => (then === null ? [] : [age(then)]));
  const silent = before === undefined ? lived : before.idle + base.window;
  const idle = computed ? 0 : Math.min(silent, ...said);
  return { key, cpu, idle, floor: before === undefined || rate < 0 ? floor : Math.min(rate, floor ?? rate) };
}
