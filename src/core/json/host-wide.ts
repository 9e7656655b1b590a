import * as z from "zod";
import { box, time } from "./parts.ts";

/** Results of what is done for everybody at once. */

const REASONS = [
  ...["in-use", "held", "busy", "state-unclear", "not-observed", "no-history", "clock-ahead", "within-grace"],
  ...["notice-not-delivered", "notice-running", "never-by-policy", "idle", "stopped-long", "schedule", "device-left"],
] as const;

export const resumeSchema = z
  .strictObject({
    boxes: z.array(
      z.strictObject({
        name: z.string(),
        owner: z.string(),
        outcome: z
          .enum(["started", "running", "to-start", "busy", "failed"])
          .describe("running: it was up already; to-start: a dry run; busy: another command is at work on it"),
        problem: z
          .strictObject({ code: z.string(), message: z.string() })
          .nullable()
          .describe("Why it failed, or what is not as it should be although it runs"),
      }),
    ),
  })
  .describe("devbox-ctl resume --json: boxes that are meant to run");

export const reapSchema = z
  .strictObject({
    dryRun: z.boolean(),
    at: time.nullable().describe("The moment that a dry run was asked about; null: now"),
    decisions: z.array(
      z.strictObject({
        box: z.string().describe("Name of the box, which may be gone"),
        owner: z.string(),
        state: z.string(),
        action: z
          .enum(["finish", "undo", "retry-cleanup", "none", "notify", "start", "stop", "destroy"])
          .describe(
            "finish, undo: an interrupted command; retry-cleanup: a device that has to be proven gone; notify: its owner is told",
          ),
        reason: z.string().describe("In a person's words"),
        code: z.enum(REASONS).nullable().describe("The reason, for programs; null with finish and undo"),
        next: z.enum(["stop", "destroy", "start"]).nullable().describe("What happens to it next if nothing changes"),
        nextAt: time.nullable().describe("When, at the earliest"),
        outcome: z
          .enum(["done", "left", "failed"])
          .nullable()
          .describe("left: it was used or changed meanwhile, so nothing was done; null: a dry run"),
        problem: z.string().nullable(),
      }),
    ),
    problems: z
      .array(
        z.strictObject({
          part: z.string(),
          problem: z.string(),
          fatal: z.boolean().describe("Whether the run has failed by it"),
        }),
      )
      .describe("What went wrong besides single boxes"),
  })
  .describe("devbox-ctl reap --json");

export const handOverSchema = z
  .strictObject({
    box,
    from: z.string().describe("Whose it was"),
    changed: z.boolean().describe("False when it was theirs already"),
  })
  .describe("devbox-ctl hand-over --json");

export const metricsSchema = z
  .strictObject({
    metrics: z.array(
      z.strictObject({
        name: z.string(),
        help: z.string(),
        samples: z.array(z.strictObject({ labels: z.record(z.string(), z.string()), value: z.number() })),
      }),
    ),
  })
  .describe("devbox-ctl metrics --json: what it says in the Prometheus text format");
export const notifyTestSchema = z
  .strictObject({
    user: z.string().describe("Whom it was for"),
    channels: z
      .array(
        z.strictObject({
          channel: z.string().describe("webhook, email, command; with a number from the second of a kind on"),
          outcome: z
            .enum(["delivered", "failed", "unreachable"])
            .describe("unreachable: the user has no address for it"),
          problem: z.string().nullable(),
          tookMs: z.int().nonnegative(),
        }),
      )
      .describe("In the configuration's order"),
  })
  .describe("devbox-ctl notify test --json");
