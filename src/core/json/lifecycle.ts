import * as z from "zod";
import type { Reason } from "../lifecycle/facts.ts";
import { boxState, bytes, time } from "./parts.ts";

/** Results about what becomes of boxes by themselves. */

const reason = z
  .enum([
    "in-use",
    "held",
    "busy",
    "state-unclear",
    "not-observed",
    "no-history",
    "clock-ahead",
    "within-grace",
    "notice-not-delivered",
    "notice-running",
    "never-by-policy",
    "idle",
    "stopped-long",
    "schedule",
    "device-left",
  ] as const satisfies readonly Reason[])
  .describe("Why that is decided; docs/lifecycle.md has the rules");

const change = z.enum(["stop", "destroy", "start"]);

export const nextChange = z
  .strictObject({ action: change, at: time.describe("When, if nothing changes"), reason })
  .nullable()
  .describe("What becomes of it by itself; null: nothing that is foreseen");

const changed = z.boolean().describe("False when it was so already");
const span = z.string().describe("A span such as 7d, or never");

const hold = z
  .strictObject({
    until: time,
    by: z.string().describe("Who asked for it"),
    reason: z.string().describe("In their words; may be empty"),
    ofCommand: z.boolean().describe("Of hold --while: it is over when that ends"),
  })
  .describe("A hold");

export const holdSchema = z
  .strictObject({ name: z.string(), hold: hold.describe("The hold that lasts longest"), changed })
  .describe("devbox-ctl hold --json");

export const releaseSchema = z
  .strictObject({
    name: z.string(),
    released: z.array(hold),
    left: z
      .strictObject({ until: time, by: z.string().describe("Which file") })
      .nullable()
      .describe("By hold files in the box, which only those in the box can remove"),
    changed,
  })
  .describe("devbox-ctl release --json");

const cron = z.string().nullable().describe("Five-field cron expression; null: not by schedule");
const zone = z.string().describe("IANA name of the time zone");

export const scheduleSchema = z
  .strictObject({
    name: z.string(),
    schedule: z
      .strictObject({
        ...{ start: cron, stop: cron, zone },
        nextStarts: z.array(time).describe("The next three"),
        nextStops: z.array(time).describe("The next three"),
      })
      .nullable(),
    changed,
  })
  .describe("devbox-ctl schedule set, show and clear, with --json");

const policyValue = z.strictObject({ span, from: z.enum(["box", "user", "host"]).describe("Who says so") });

export const policySchema = z
  .strictObject({
    name: z.string(),
    stopAfterIdle: policyValue,
    destroyAfterStopped: policyValue,
    notice: span.describe("How long before either its owner is told"),
    reminder: span.nullable().describe("How long before they are told again"),
    changed,
  })
  .describe("devbox-ctl policy set, show and clear, with --json");

const told = z.strictObject({
  kind: z.enum(["stop", "destroy"]),
  stage: z.enum(["first", "reminder"]),
  at: time,
  state: z.enum(["delivered", "undelivered", "planned"]),
  by: z.array(z.string()).describe("Channels, in a person's words"),
  problem: z.string().nullable(),
});

export const whySchema = z
  .strictObject({
    name: z.string(),
    owner: z.string(),
    state: boxState,
    since: time.nullable().describe("Since when it is in that state"),
    by: z.string().nullable().describe("Whose command that was"),
    lastUsedAt: time.nullable(),
    lastUsedBy: z.string().nullable(),
    inUse: z.string().nullable().describe("What is true at the moment although it has no single moment"),
    observed: z.boolean().nullable().describe("Whether it could be looked at just now; null: it does not run"),
    problem: z.string().nullable().describe("Why it could not; the rest is then as it was last seen"),
    signals: z.array(
      z.strictObject({
        kind: z.enum(["terminal", "connection", "cpu", "agent", "workspace", "network", "hold"]),
        at: time,
        words: z.string(),
      }),
    ),
    action: z
      .enum(["none", "notify", "start", "stop", "destroy", "retry-cleanup"])
      .describe("What the reaper would do now"),
    reason,
    next: nextChange,
    hold: z.strictObject({ until: time, by: z.string(), reason: z.string() }).nullable(),
    schedule: z
      .strictObject({ ...{ start: cron, stop: cron, zone }, nextStart: time.nullable(), nextStop: time.nullable() })
      .nullable(),
    policy: z.strictObject({ stopAfterIdle: span, destroyAfterStopped: span }),
    told: z.array(told).describe("Notices of what comes next"),
    unpushed: z.array(z.string()).describe("Git work that was never pushed, as it was found last"),
    homeBytes: bytes.nullable().describe("Disk that its home takes; only of one that is to be destroyed"),
    archiveKept: span.nullable().describe("How long an archive of its home is kept; null: until somebody removes it"),
    commands: z.array(z.string()).describe("What would change it"),
  })
  .describe("devbox-ctl why --json");
