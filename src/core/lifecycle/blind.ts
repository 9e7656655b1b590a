import type { SignalSwitches } from "../config/lifecycle-config.ts";
import { clipped } from "../text.ts";

/** What the probe says it could not read and what hides no sign of use. */
const HARMLESS = [
  // It was looked at all the same, or is not there, or not dev's.
  /^workspace: (?:is a link to|\d+ folders are closed|No such file)/,
  // The hold counts, without an end of its own.
  /^hold: .*: its first line is neither/,
  // The list itself is whole; what is not known of a connection is judged with it.
  /^connections: bytes and times are unknown/,
  /^sessions: bytes of process/,
  // The engine's figures stand in; where it has none, they are missed there.
  /^cpu: no cgroup figures/,
  /^detached: clients of/,
  /^codeServer:/,
];

/** Which signals hang on a part of the probe's answer; a part that is not here on all. */
const DECIDED_BY: Readonly<Record<string, readonly (keyof SignalSwitches)[]>> = {
  processes: ["connection", "agent"],
  sessions: ["connection"],
  connections: ["connection"],
  terminals: ["terminal"],
  detached: ["terminal"],
  agents: ["agent"],
  workspace: ["workspace"],
  holds: ["hold"],
  hold: ["hold"],
  cpu: ["cpu"],
  home: ["workspace", "agent", "hold"],
};

/**
 * Why absence of signs proves nothing, of what the probe could not read; undefined: it does.
 * @param unreadable lines such as `terminals: Permission denied`
 */
export function blindTo(unreadable: readonly string[], on: SignalSwitches): string | undefined {
  const isTableOnly = unreadable.some((line) => line.startsWith("connections: bytes and times are unknown"));
  const decisive = unreadable.find((line) => {
    const part = /^(\w+): /.exec(line)?.[1] ?? "";
    if (HARMLESS.some((pattern) => pattern.test(line))) return false;
    // Read from another table of the kernel then.
    if (part === "connections" && isTableOnly && !line.includes("left out")) return false;
    const kinds = Object.hasOwn(DECIDED_BY, part) ? DECIDED_BY[part] : undefined;
    return kinds === undefined || kinds.some((kind) => on[kind]);
  });
  return decisive === undefined ? undefined : `not all could be seen: ${clipped(decisive)}`;
}
