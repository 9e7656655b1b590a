import type { Activity } from "../../src/core/activity.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import type { ActivityConfig } from "../../src/core/config/lifecycle-config.ts";
import { weigh, type Glance, type Seen, type Weighed } from "../../src/core/lifecycle/activity.ts";
import { DAY, HOUR, MINUTE, SECOND, type Millis } from "../../src/core/time.ts";

/** When looks are taken in tests. */
export const NOON = Date.UTC(2026, 0, 31, 12);

/** What the probe of an idle box of two days says; times are the box's clock, which is the host's. */
export function idle(change: Partial<Activity> = {}, now: Millis = NOON): Activity {
  return {
    now,
    uptimeSeconds: (2 * DAY + (now - NOON)) / SECOND,
    instance: "boot:100",
    sessions: [],
    connections: [],
    terminals: { open: 0, lastInput: null, lastOutput: null },
    workspace: { lastChange: null, path: null, entries: 0, complete: true, future: null },
    cpu: { seconds: 100, source: "cgroup1", processes: 9, groups: [] },
    agents: [],
    detached: [],
    holds: [],
    codeServerHeartbeat: null,
    unreadable: [],
    ...change,
  };
}

export const process = {
  pid: 70,
  since: NOON - DAY,
  tty: "pts/0",
  lastInput: null,
  lastOutput: null,
  cpuSeconds: 1,
  processes: 1,
  command: "bash",
};
export const agent = {
  name: "claude",
  listedBy: "image" as const,
  inside: "tmux" as const,
  detached: true,
  ...process,
};
export const connection = {
  kind: "code-server" as const,
  port: 8080,
  id: "c1",
  from: "root" as const,
  bytesIn: 1000,
  bytesOut: 1000,
  lastIn: NOON - 2 * SECOND,
  lastOut: NOON - 2 * SECOND,
};

/** Configuration of its own, where a test has one. */
export const having = (change: Partial<ActivityConfig>): Glance["config"] => ({
  ...DEFAULTS.lifecycle,
  activity: { ...DEFAULTS.lifecycle.activity, ...change },
});

/** A look with one before it. */
export function look(glance: Partial<Glance> & { readonly before?: Weighed & { readonly at: Millis } }): Weighed {
  const { before, ...given } = glance;
  const previous = before?.sample === undefined ? undefined : { at: before.at, data: before.sample };
  return weigh({ previous, activity: idle(), counters: undefined, config: DEFAULTS.lifecycle, now: NOON, ...given });
}

/** An answer of an hour before, and what it left. */
export function hourAgo(change: Partial<Activity> = {}, glance: Partial<Glance> = {}): Weighed & { at: Millis } {
  const at = NOON - HOUR;
  return { ...look({ activity: idle(change, at), now: at, ...glance }), at };
}

/** Whether a decision may take the box for idle since long. */
export const isIdle = ({ observation, inUse, last }: Seen, now: Millis = NOON): boolean =>
  observation === "fresh" && inUse === undefined && (last === undefined || last.at < now - MINUTE);
