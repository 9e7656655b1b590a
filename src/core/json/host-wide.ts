import * as z from "zod";
import { box } from "./parts.ts";

/** Results of what is done for everybody at once. */

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
    decisions: z.array(
      z.strictObject({
        box: z.string().describe("Name of the box, which may be gone"),
        owner: z.string(),
        state: z.string(),
        action: z
          .enum(["finish", "undo", "retry-cleanup"])
          .describe("finish, undo: an interrupted command; retry-cleanup: a device that has to be proven gone"),
        reason: z.string(),
        outcome: z.enum(["done", "failed"]).nullable().describe("null: a dry run"),
        problem: z.string().nullable(),
      }),
    ),
  })
  .describe("devbox-ctl reap --json");

export const handOverSchema = z
  .strictObject({
    box,
    from: z.string().describe("Whose it was"),
    changed: z.boolean().describe("False when it was theirs already"),
  })
  .describe("devbox-ctl hand-over --json");

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
