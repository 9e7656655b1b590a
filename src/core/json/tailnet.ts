import * as z from "zod";
import { time } from "./parts.ts";

export const rotateKeySchema = z
  .strictObject({
    boxes: z.array(
      z.strictObject({
        name: z.string(),
        outcome: z
          .enum(["renewed", "waits", "failed"])
          .describe("waits: it is stopped, and takes the key when it logs in next; failed: see the error"),
      }),
    ),
  })
  .describe("devbox-ctl rotate-key --json");

export const tailnetStatusSchema = z
  .strictObject({
    provider: z.string(),
    control: z.string().describe("Which control plane this is"),
    reachable: z.boolean(),
    problem: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    devices: z.array(
      z.strictObject({
        box: z.string(),
        owner: z.string(),
        hostname: z.string(),
        state: z
          .enum(["joining", "joined", "leaving"])
          .describe("joining: a login was begun whose device is not known; leaving: it has to be proven gone"),
        nodeId: z.string().nullable(),
        dnsName: z.string().nullable(),
        addresses: z.array(z.string()),
        tags: z.array(z.string()),
        atControl: z
          .enum(["online", "offline", "forgotten", "unknown"])
          .describe("How the control plane has it; forgotten: not at all; unknown: it could not be asked"),
        recordedAt: time.nullable(),
        attempts: z.int().nonnegative().describe("How often its removal was tried in vain"),
        triedAt: time.nullable(),
        problem: z.string().nullable(),
      }),
    ),
  })
  .describe("devbox-ctl tailnet status --json");

export const tailnetCleanupSchema = z
  .strictObject({ gone: z.int().nonnegative().describe("Devices proven gone just now"), pending: z.literal(0) })
  .describe("devbox-ctl tailnet cleanup --json");
