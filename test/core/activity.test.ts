import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIVITY_LIMIT, parseActivity } from "../../src/core/activity.ts";

const NOW = 1_795_249_776.883;
const ms = (seconds: number): number => Math.round(seconds * 1000);

const facts = { pid: 25, since: NOW - 60, tty: "pts/0", lastInput: NOW - 8, lastOutput: NOW - 1, cpuSeconds: 1.5, processes: 2, command: "sh" }; // prettier-ignore

const answer = {
  version: 1,
  now: NOW,
  box: { uptime: 61.02, instance: "ddf91238:1240091" },
  sessions: [
    { kind: "exec", id: "abc", ...facts },
    { kind: "tailscale-ssh", remoteUser: "alice@example.com", ...facts },
    { kind: "code-server", port: 8080, id: "0a", from: "root", bytesIn: 12, bytesOut: 34, lastIn: NOW - 5, lastOut: NOW - 6 }, // prettier-ignore
  ],
  terminals: { open: 1, lastInput: NOW - 8, lastOutput: NOW - 1 },
  workspace: { lastChange: NOW - 9, path: "a.txt", entries: 3, complete: true, future: null },
  cpu: { seconds: 2.5, source: "cgroup2", processes: 6, groups: [{ group: 25, command: "sh", since: NOW - 60, processes: 2, cpuSeconds: 1.5 }] }, // prettier-ignore
  agents: [{ name: "claude", listedBy: "image", inside: "tmux", detached: true, ...facts }],
  detached: [{ kind: "tmux", panes: 1, clients: 0, ...facts }],
  holds: [{ path: "/home/dev/.devbox-hold", since: NOW - 100, until: NOW + 86_400, future: false }],
  codeServer: { lastBeat: NOW - 30 },
  unreadable: ["hold: /run/user/1000/devbox-hold: a link"],
};
const read = (value: unknown) => parseActivity(JSON.stringify(value));
const SILENT = { unreadable: [] };

/** Every number that a value holds under a name that means a time in the past. */
function pastTimes(value: unknown): number[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, held]: [string, unknown]) =>
    typeof held === "number" && /^(since|last[A-Z])/.test(key) ? [held] : pastTimes(held),
  );
}

describe("parseActivity", () => {
  it("reads every part, with times in milliseconds [X-01]", () => {
    const activity = read(answer);
    expect(activity).toMatchObject({
      now: ms(NOW),
      uptimeSeconds: 61.02,
      instance: "ddf91238:1240091",
      sessions: [
        { kind: "exec", id: "abc", since: ms(NOW - 60), lastInput: ms(NOW - 8) },
        { kind: "tailscale-ssh", remoteUser: "alice@example.com" },
      ],
      connections: [{ kind: "code-server", from: "root", bytesIn: 12, lastIn: ms(NOW - 5) }],
      terminals: { open: 1, lastInput: ms(NOW - 8) },
      workspace: { lastChange: ms(NOW - 9), complete: true, future: null },
      cpu: { seconds: 2.5, groups: [{ command: "sh" }] },
      agents: [{ name: "claude", inside: "tmux" }],
      detached: [{ kind: "tmux", clients: 0 }],
      holds: [{ until: ms(NOW + 86_400) }],
      codeServerHeartbeat: ms(NOW - 30),
      unreadable: answer.unreadable,
    });
  });

  it("takes what a later probe adds, and unknown for what makes no sense [X-01]", () => {
    const more = {
      ...answer,
      ...SILENT,
      version: 2,
      moon: "full",
      terminals: { open: 1, lastInput: "soon", lastOutput: -1 },
    };
    expect(read(more)).toMatchObject({ terminals: { open: 1, lastInput: null, lastOutput: null }, unreadable: [] });
  });

  it("names a part that is missing or broken, and keeps the rest [X-01]", () => {
    const broken = {
      ...answer,
      ...SILENT,
      workspace: 7,
      agents: "none",
      sessions: [...answer.sessions, 5, { kind: "x" }],
    };
    const activity = read(broken);
    expect(activity).toMatchObject({ workspace: null, agents: [], holds: [{ future: false }] });
    expect(activity?.sessions).toHaveLength(2);
    expect(activity?.unreadable).toEqual([
      "sessions: 2 entries were not understood",
      "workspace: the probe's answer was not understood",
      "agents: the probe's answer was not understood",
    ]);
  });

  it("believes no fact of the future, but the end of a hold [X-01]", () => {
    const ahead = { ...facts, since: NOW + 10, lastInput: NOW + 3600 };
    const activity = read({
      ...answer,
      sessions: [{ kind: "exec", id: "a", ...ahead }],
      codeServer: { lastBeat: NOW + 9 },
    });
    expect(activity?.sessions[0]).toMatchObject({ since: null, lastInput: null, lastOutput: ms(NOW - 1) });
    expect(activity?.codeServerHeartbeat).toBeNull();
    expect(activity?.holds[0]?.until).toBe(ms(NOW + 86_400));
  });

  it("makes texts safe for a terminal [X-01]", () => {
    const activity = read({ ...answer, unreadable: ["a\u001b[2Jb\u202e", "x".repeat(5000)] });
    expect(activity?.unreadable[0]).toBe("a\\u{1b}[2Jb\\u{202e}");
    expect(activity?.unreadable[1]).toHaveLength(300);
  });

  it("is nothing when it is no answer [X-01]", () => {
    for (const text of ["", "{", "[]", "null", "7", '{"version":1}', '{"version":0,"now":1}', '{"version":1,"now":-1}'])
      expect(parseActivity(text)).toBeUndefined();
    expect(parseActivity(JSON.stringify(answer) + " ".repeat(ACTIVITY_LIMIT))).toBeUndefined();
  });

  it("survives any JSON in any place, and never gives a time of the future [X-01]", () => {
    const keys = Object.keys(answer).filter((key) => key !== "version" && key !== "now");
    const place = fc.tuple(fc.constantFrom(...keys), fc.jsonValue());
    fc.assert(
      fc.property(fc.array(place, { maxLength: 6 }), (places) => {
        const activity = read({ ...answer, ...Object.fromEntries(places) });
        expect(activity).toBeDefined();
        for (const time of pastTimes(activity)) expect(time).toBeLessThanOrEqual(ms(NOW) + 2000);
      }),
    );
  });

  it("says so whenever a list loses an entry [X-01]", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), (agents) => {
        const activity = read({ ...answer, ...SILENT, agents });
        expect((activity?.agents.length ?? 0) < agents.length).toBe((activity?.unreadable.length ?? 0) > 0);
      }),
    );
  });

  it("survives any text [X-01]", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseActivity(text)));
  });
});
