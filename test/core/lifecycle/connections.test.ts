import { describe, expect, it } from "vitest";
import { DEFAULTS } from "../../../src/core/config/defaults.ts";
import type { Weighed } from "../../../src/core/lifecycle/activity.ts";
import { HOUR, MINUTE, SECOND, type Millis } from "../../../src/core/time.ts";
import { connection, having, idle, isIdle, look, NOON, process } from "../../support/glance.ts";

type Connection = typeof connection;
const forward = { kind: "forward" as const, id: "f1", remoteUser: null, bytesIn: null, bytesOut: null, ...process };

/** Looks every hour at what is connected then. */
function watched(...hours: (readonly object[])[]) {
  let before: (Weighed & { at: Millis }) | undefined;
  let result = look({});
  for (const [hour, connections] of hours.entries()) {
    const now = NOON + hour * HOUR;
    const activity = idle({ connections: connections as Connection[] }, now);
    result = look({ ...(before === undefined ? {} : { before }), activity, now });
    before = { ...result, at: now };
  }
  return result.seen;
}

/** The two connections of a tab, each with so many bytes. */
const tab = (bytesIn: number | null, ids = ["c1", "c2"]) => ids.map((id) => ({ ...connection, id, bytesIn }));
const hours = (count: number) => Array.from({ length: count }, (_, hour) => hour);

describe("a tab of an editor", () => {
  it("that nobody touches counts for a span, and then not, whatever it says by itself [X-01]", () => {
    const idleTab = (count: number) => hours(count).map((hour) => tab(1000 + hour * 60 * 1100));
    expect(watched(...idleTab(11))).toMatchObject({
      inUse: "a connection to code-server is open",
      last: { by: "code-server" },
    });
    expect(watched(...idleTab(40))).toMatchObject({
      observation: "fresh",
      inUse: undefined,
      last: { at: NOON + 12 * HOUR },
    });
  });

  it("does not begin anew when a laptop wakes up and connects again [X-01]", () => {
    const woken = hours(60).map((hour) =>
      hour % 24 > 15 ? [] : tab(30_000 + (hour % 8) * 60 * 1100, [`a${hour >> 3}`]),
    );
    expect(watched(...woken).inUse).toBeUndefined();
  });

  it("counts as long as somebody works in it, and for a span after that [X-01]", () => {
    const worked = hours(30).map((hour) => tab(1000 + hour * 60 * 5000));
    expect(watched(...worked).inUse).toBe("code-server is being used");
    const left = hours(10).map((hour) => tab(1000 + 29 * 60 * 5000 + hour * 60 * 1000));
    expect(watched(...worked, ...left).inUse).toBe("a connection to code-server is open");
    expect(watched(...worked, ...left, ...left).inUse).toBeUndefined();
  });
});

describe("connections", () => {
  it("of programs in the box with each other are none of a person's, but through a forwarded port [X-01]", () => {
    const database = { ...connection, kind: "tcp" as const, port: 5432, from: "dev" as const, bytesIn: 1e9 };
    expect(isIdle(look({ activity: idle({ connections: [database] }) }).seen)).toBe(true);
    const forwarded = idle({ connections: [database], sessions: [{ ...forward, since: NOON - 24 * HOUR }] });
    expect(look({ activity: forwarded }).seen.inUse).toBe("port 5432 is being used");
  });

  it("of Syncthing count by what comes alone: devices stay connected [X-01]", () => {
    const peer = (bytesIn: number) => [{ ...connection, kind: "syncthing" as const, port: 22000, bytesIn }];
    expect(watched(peer(500), peer(5000))).toMatchObject({ inUse: undefined, signals: [] });
    expect(watched(peer(500), peer(5_000_000)).inUse).toBe("syncthing is being used");
  });

  it("whose traffic cannot be seen are no proof once they are silent for long [X-01]", () => {
    const blind = tab(null);
    const config = having({ connection: 2 * HOUR });
    const first = look({ activity: idle({ connections: blind }), config });
    expect(first.seen).toMatchObject({ observation: "fresh", inUse: "a connection to code-server is open" });
    const now = NOON + 3 * HOUR;
    const later = look({ before: { ...first, at: NOON }, activity: idle({ connections: blind }, now), config, now });
    expect(later.seen).toMatchObject({ observation: "failed", problem: "the traffic of code-server is not known" });
  });

  it("do not count where they are turned off [X-01]", () => {
    const signals = { ...DEFAULTS.lifecycle.activity.signals, connection: false };
    expect(look({ activity: idle({ connections: tab(1e9) }), config: having({ signals }) }).seen.signals).toEqual([]);
  });

  it("whose counters shrink do not count for ever [X-01]", () => {
    expect(watched(...hours(40).map((hour) => tab(1_000_000 - hour * 1000)))).toMatchObject({ inUse: undefined });
  });

  it("are judged over a minute at least [X-01]", () => {
    const first = look({ activity: idle({ connections: tab(1000) }) });
    const now = NOON + MINUTE / 2;
    const soon = look({
      before: { ...first, at: NOON },
      activity: idle({ connections: tab(1000 + 20 * SECOND) }, now),
      now,
    });
    expect(soon.sample).toBeUndefined();
  });
});
