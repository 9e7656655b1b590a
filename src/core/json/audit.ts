import * as z from "zod";
import { time } from "./parts.ts";

export const auditSchema = z
  .strictObject({
    records: z.array(
      z.strictObject({
        record: z
          .int()
          .nullable()
          .describe("Number of the record, also in the system's journal; null unless an administrator asks"),
        at: time.describe("When it began"),
        user: z.string().describe("Who asked"),
        via: z
          .enum(["local", "sudo", "key", "account"])
          .describe("By which way; account: the service account's own units"),
        address: z.string().nullable().describe("Where an SSH connection came from"),
        administrator: z.boolean().describe("Whether they are one"),
        forOther: z.boolean().describe("Whether an administrator acted on what is another's"),
        command: z.string(),
        what: z.string().nullable().describe("What else is known: the program of exec, the volume, the file of cp, …"),
        box: z
          .strictObject({
            name: z.string().describe("As it was then, or as it was typed"),
            id: z.string().nullable(),
            owner: z.string().nullable(),
          })
          .nullable(),
        state: z.enum(["ended", "running", "killed"]).describe("killed: it never said how it ended"),
        exitCode: z.int().nullable(),
        error: z.string().nullable().describe("Code of the error, as under --json"),
        durationMs: z.int().nonnegative().nullable().describe("Milliseconds"),
      }),
    ),
  })
  .describe("devbox-ctl audit --json: the oldest first");
