import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide } from "../../../src/core/lifecycle/decide.ts";
import type { BoxFacts, Decision, LifecyclePolicy, Reason } from "../../../src/core/lifecycle/facts.ts";
import { type Decided, nextText, policySentence, reasonText } from "../../../src/core/lifecycle/sentences.ts";
import { plannedOf, toldOf } from "../../../src/core/lifecycle/told.ts";
import type { NoticeRecord } from "../../../src/core/lifecycle/records.ts";
import { type Why, whySentences } from "../../../src/core/lifecycle/why.ts";
import { DAY, HOUR, MINUTE } from "../../../src/core/time.ts";
import { anyCase, idleBox, NOW, POLICY, stoppedBox } from "./facts.ts";

const shown = { now: NOW, zone: "Europe/Berlin" };
const reader = { ...shown, you: "alice" };

const decidedOn = (facts: BoxFacts, policy: Partial<LifecyclePolicy> = {}): Decided => ({
  facts,
  decision: decide(facts, { ...POLICY, ...policy }, NOW),
});
const used = (ago: number, by = "ssh") => ({ lastActivity: { at: NOW - ago, by } });
const young = (change: Partial<BoxFacts> = {}) => idleBox({ ...used(2 * DAY), notices: [], ...change });
const hold = { until: NOW + 3 * DAY, by: "bob", reason: 'night "run"' };
const schedule = { due: undefined, nextStart: undefined, nextStop: undefined };
const undelivered = idleBox({
  ...used(6 * DAY),
  notices: [
    {
      ...{ kind: "stop" as const, stage: "first" as const, since: NOW - 6 * DAY, sentAt: NOW - HOUR },
      ...{ deliveredAt: undefined, problem: "e-mail: refused" },
    },
  ],
});
const told = { ...undelivered, notices: undelivered.notices.map((each) => ({ ...each, deliveredAt: NOW - HOUR })) };

/** Each reason with the box that it is about, its words, and what a list says is next. */
const CASES: Readonly<Record<Reason, readonly (readonly [Decided, string, string | undefined])[]>> = {
  "in-use": [
    [decidedOn(young(used(3 * MINUTE))), "in use: ssh, 3 min ago", undefined],
    [decidedOn(young({ inUse: "the agent claude is at work" })), "in use: the agent claude is at work", undefined],
    [
      decidedOn(young({ ...used(3 * MINUTE), schedule: { ...schedule, due: { action: "stop", at: NOW - MINUTE } } })),
      "in use: ssh, 3 min ago; its schedule stops it when it is not",
      "stops today 13:12",
    ],
  ],
  held: [
    [decidedOn(young({ hold })), String.raw`held until 4 Mar 13:00 (by bob: "night "run"")`, "held until 4 Mar"],
    [
      decidedOn(stoppedBox({ hold: { until: NOW + HOUR, by: "the file /home/dev/.devbox-hold", reason: "" } })),
      "held until 1 Mar 14:00 (by the file /home/dev/.devbox-hold)",
      "held until today 14:00",
    ],
  ],
  busy: [
    [decidedOn(young({ busy: true })), "a command is at work on it", undefined],
    [decidedOn(young({ state: "creating" })), "it is creating", undefined],
  ],
  "state-unclear": [
    [decidedOn(young({ state: "paused" })), "it is paused", undefined],
    [
      decidedOn(young({ state: "stopping" })),
      "it was not stopped to the end, and no command is at work on it",
      undefined,
    ],
    [decidedOn(young({ state: "unknown" })), "nobody can say what it is", undefined],
  ],
  "not-observed": [
    [
      decidedOn(young({ observation: "failed" })),
      "it could not be looked at, so nobody knows whether it is in use",
      "could not be looked at",
    ],
  ],
  "no-history": [
    [decidedOn(young({ lastActivity: undefined, createdAt: 0 })), "nothing is known of its use", undefined],
    [
      decidedOn(stoppedBox({ stoppedAt: undefined })),
      "since when it does not run is not known; the reaper counts from its next run",
      undefined,
    ],
  ],
  "clock-ahead": [[decidedOn(young(used(-DAY))), "its times lie ahead of this host's clock", undefined]],
  "within-grace": [
    [decidedOn(young()), "not used for 2 days; stopped in 5 days", "stops in 5 days"],
    [
      decidedOn(stoppedBox({ stoppedAt: NOW - 9 * DAY, notices: [] })),
      "stopped for 9 days; destroyed in 5 days",
      "destroyed in 5 days unless started",
    ],
    [
      decidedOn(stoppedBox({ stoppedAt: NOW - 20_000, notices: [] })),
      "stopped for 20 s; destroyed in 14 days",
      "destroyed in 14 days unless started",
    ],
  ],
  "notice-not-delivered": [
    [
      decidedOn(undelivered),
      "the notice is not delivered (e-mail: refused); it is put off until somebody is told",
      "waits for a notice",
    ],
  ],
  "notice-running": [[decidedOn(told), "its owner was told; stopped in 47 h", "stops in 47 h"]],
  "never-by-policy": [
    [decidedOn(young(), { stopAfterIdle: null }), "by its policy it is never stopped", undefined],
    [decidedOn(stoppedBox(), { destroyAfterStopped: null }), "by its policy it is never destroyed", undefined],
  ],
  idle: [
    [decidedOn(idleBox()), "not used for 7 days", "stops at the next run"],
    [decidedOn(young(used(6 * DAY))), "not used for 6 days; stopped in 2 days", "stops in 2 days"],
  ],
  "stopped-long": [[decidedOn(stoppedBox()), "stopped for 14 days", "destroyed at the next run"]],
  schedule: [
    [
      decidedOn(young({ schedule: { ...schedule, due: { action: "stop", at: NOW - 4 * HOUR } } })),
      "its schedule says so (1 Mar 09:00)",
      "stops at the next run",
    ],
    [
      decidedOn({
        ...stoppedBox(used(DAY)),
        ...{ notices: [], schedule: { ...schedule, due: { action: "start", at: NOW } } },
      }),
      "its schedule says so (today 13:00)",
      "starts at the next run",
    ],
  ],
  "device-left": [
    [decidedOn(young({ devicesLeaving: 1 })), "1 device of it has to leave the tailnet", "stops in 5 days"],
  ],
};

describe("what is decided, in words", () => {
  it.each(
    Object.entries(CASES).flatMap(([reason, cases]) =>
      cases.map(([decided, words, next]) => ({ reason, decided, words, next })),
    ),
  )("is for $reason: $words [X-02] [X-07]", ({ reason, decided, words, next }) => {
    expect(decided.decision.reason).toBe(reason);
    expect(reasonText(decided, shown)).toBe(words);
    expect(nextText(decided, shown)).toBe(next);
  });

  it("says by what a schedule does next, before what an idle box comes to [X-16]", () => {
    const nextStop = NOW + 20 * HOUR;
    expect(nextText(decidedOn(young({ schedule: { ...schedule, nextStop } })), shown)).toBe("stops Mon 09:00");
    const started = {
      ...stoppedBox({ ...used(DAY), stoppedAt: NOW - DAY }),
      notices: [],
      schedule: { ...schedule, nextStart: nextStop },
    };
    expect(nextText(decidedOn(started), shown)).toBe("starts Mon 09:00");
  });

  it("has no gaps, whatever is the case [X-02]", () => {
    fc.assert(
      fc.property(anyCase, ({ box, policy }) => {
        const times = [box.createdAt, box.stoppedAt, box.lastActivity?.at, box.hold?.until, box.heldUntil];
        fc.pre(times.every((time) => time === undefined || (Number.isFinite(time) && time >= 0)));
        const decided = { facts: box, decision: decide(box, policy, NOW) };
        const all = [
          reasonText(decided, shown),
          nextText(decided, shown) ?? "-",
          ...whySentences(whyOf(decided, policy), reader),
        ];
        for (const text of all) expect(text).not.toMatch(/undefined|NaN|null|Infinity|\s\s|\.\./);
      }),
    );
  });
});

function whyOf(decided: Decided, policy = POLICY, change: Partial<Why> = {}): Why {
  return {
    ...decided,
    policy,
    ...{ stateSince: undefined, problem: undefined, signals: [], schedule: undefined, told: [], unpushed: [] },
    ...{ homeSize: undefined, archiveKept: 30 * DAY, ...change },
  };
}

const record = (change: Partial<NoticeRecord>): NoticeRecord => ({
  ...{ id: 1, boxId: "b", boxName: "api", owner: "alice", kind: "destroy", stage: "first", since: NOW - 13 * DAY },
  ...{ deadline: NOW + DAY, subject: "", body: "", createdAt: NOW - DAY, withdrawnAt: undefined, deliveries: [] },
  ...change,
});
const delivery = { attempts: 1, triedAt: NOW - DAY, deliveredAt: NOW - DAY, problem: undefined };

describe("why", () => {
  it("tells of a stopped box everything that its owner has to know [X-02] [X-04] [X-05]", () => {
    const facts = stoppedBox({ ...used(13 * DAY + HOUR, "code-server"), stoppedAt: NOW - 13 * DAY });
    const notices = [
      record({
        deliveries: [
          { ...delivery, channel: "email" },
          { ...delivery, channel: "line" },
        ],
      }),
      record({ since: 5, stage: "reminder" }),
    ];
    const first = { kind: "destroy" as const, stage: "first" as const, since: NOW - 13 * DAY, problem: undefined };
    const decided = decidedOn({ ...facts, notices: [{ ...first, sentAt: NOW - DAY, deliveredAt: NOW - DAY }] });
    const was = toldOf(notices, decided.decision);
    const why = whyOf(decided, POLICY, {
      stateSince: { at: NOW - 13 * DAY, by: "alice" },
      told: [...was, ...plannedOf(decided, POLICY, was, NOW)],
      unpushed: ["site/: 3 commits never pushed (branch redesign)"],
      homeSize: 1024 ** 3,
    });
    expect(whySentences(why, reader)).toEqual([
      "api is stopped since 16 Feb 13:00 (by you).",
      "Last use: 16 Feb 12:00, code-server.",
      "Next: destroyed on 2 Mar 13:00, at the reaper's next run after that. Its home (1 GiB) is archived first and kept 30 days.",
      "You were told: 28 Feb 13:00 by e-mail, at a command of yours, 2 Mar 07:00 (planned).",
      "In its workspace: site/: 3 commits never pushed (branch redesign).",
      "Policy: stopped after 7 days without use, destroyed after 14 days stopped.",
    ]);
    expect(whySentences(why, { ...reader, you: "carol" }).join("\n")).toMatch(/\(by alice\)[^]*\nalice was told: /);
  });

  it("tells of a running box what was seen of it just now, and what that means [X-01] [X-02]", () => {
    const facts = young({ ...used(MINUTE, "agent claude"), inUse: "the agent claude is at work", hold });
    const signals = [
      { kind: "agent" as const, at: NOW - MINUTE, by: "agent claude", words: "the agent claude computes" },
    ];
    const running = whyOf(decidedOn(facts), POLICY, { stateSince: { at: NOW - DAY, by: undefined }, signals });
    expect(whySentences(running, reader)).toEqual([
      "api is running since 28 Feb 13:00.",
      "Last use: 1 Mar 12:59, agent claude.",
      "In use now: the agent claude is at work.",
      "Seen just now:",
      "  the agent claude computes (1 min ago)",
      String.raw`It is held until 4 Mar 13:00 (by bob: "night "run"").`,
      "Next: stopped on 11 Mar 13:00 if nobody uses it after the hold.",
      "Policy: stopped after 7 days without use, destroyed after 14 days stopped.",
    ]);
  });

  it("says once what a box is in use by, and whose command told of it [X-02]", () => {
    const inUse = young({ ...used(MINUTE), inUse: "the agent claude is at work" });
    expect(whySentences(whyOf(decidedOn(inUse)), reader)).toContain("Next: nothing, as long as it is used.");
    const due = { ...inUse, schedule: { ...schedule, due: { action: "stop" as const, at: NOW - MINUTE } } };
    expect(whySentences(whyOf(decidedOn(due)), reader)).toContain(
      "Next: nothing, as long as it is used; its schedule stops it when it is not.",
    );
    const told = [
      { kind: "stop" as const, stage: "first" as const, at: NOW, state: "delivered" as const, problem: undefined },
    ].map((each) => ({ ...each, by: ["at a command"] }));
    const lines = (you: string) => whySentences(whyOf(decidedOn(inUse), POLICY, { told }), { ...reader, you });
    expect(lines("alice")).toContain("You were told: 1 Mar 13:00 at a command of yours.");
    expect(lines("carol")).toContain("alice was told: 1 Mar 13:00 at a command of theirs.");
  });

  it("falls back to what was seen last of a box that does not answer, and says so [X-02]", () => {
    const lines = whySentences(whyOf(decidedOn(young()), POLICY, { problem: "it does not answer" }), reader);
    expect(lines).toContain(
      "It could not be looked at just now (it does not answer): the reaper leaves it alone until it can.",
    );
    expect(lines).toContainEqual(expect.stringMatching(/^As it was last seen, next: stopped on 6 Mar 13:00 if nobody/));
  });

  it("names schedules, crashes, boxes that are gone, and notices that did not arrive [X-02] [X-16]", () => {
    const record16 = { boxId: "b", start: "0 8 * * mon-fri", stop: undefined, zone: "UTC", handledAt: 0 };
    const facts = stoppedBox({
      ...{ ...used(DAY), desired: "running" as const, stoppedAt: NOW - DAY, notices: [] },
      schedule: { ...schedule, nextStart: NOW + 20 * HOUR },
    });
    const lines = whySentences(whyOf(decidedOn(facts), POLICY, { schedule: record16 }), reader);
    expect(lines[0]).toBe("api is stopped (it ended by itself).");
    expect(lines).toContain("Next: started on 2 Mar 09:00 by its schedule.");
    expect(lines).toContain('Schedule (UTC): start "0 8 * * mon-fri", next Mon 08:00.');
    expect(whySentences(whyOf(decidedOn({ ...facts, state: "gone" })), reader)[0]).toMatch(/^api is gone: /);
    const problem = { ...delivery, channel: "email", deliveredAt: undefined, problem: "refused" };
    const decision: Decision = { ...decidedOn(facts).decision, counts: { kind: "destroy", since: NOW - 13 * DAY } };
    const failed = toldOf([record({ deliveries: [problem] })], decision);
    expect(whySentences(whyOf(decidedOn(facts), POLICY, { told: failed }), reader)).toContain(
      "You could not be told yet: 28 Feb 13:00 (not delivered: email: refused).",
    );
  });
});

describe("what a new box's owner is told of its policy", () => {
  it.each([
    [{}, "It stops after 7 days without use, and is destroyed 14 days after that; you will be told before."],
    [
      { stopAfterIdle: 36 * HOUR },
      "It stops after 36 h without use, and is destroyed 14 days after that; you will be told before.",
    ],
    [
      { stopAfterIdle: null },
      "It is not stopped by itself; 14 days after you stop it, it is destroyed, and you will be told before.",
    ],
    [
      { destroyAfterStopped: null },
      "It stops after 7 days without use, and is never destroyed by itself; you will be told before.",
    ],
    [{ stopAfterIdle: null, destroyAfterStopped: null }, "It is neither stopped nor destroyed by itself."],
  ])("is for %j: %s [FR-036]", (change, sentence) => {
    expect(policySentence({ ...POLICY, ...change })).toBe(sentence);
  });
});
