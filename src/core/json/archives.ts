import * as z from "zod";
import { bytes, time } from "./parts.ts";

/** A home that was put away. */
export const archive = z.strictObject({
  id: z.string(),
  box: z.string().describe("Name of the box that it is from"),
  boxId: z.string(),
  owner: z.string(),
  reason: z.string().describe("Why it was made: reaped, destroy --archive, user remove"),
  createdAt: time.nullable(),
  keptUntil: time.nullable().describe("It may be removed then; null: kept until somebody removes it"),
  sizeBytes: bytes.describe("Of the file"),
  contentBytes: bytes.describe("Of what it holds"),
  entries: z.int().nonnegative().describe("Files, directories and whatever else"),
  sha256: z.string().describe("Of the file"),
  unpushed: z.array(z.string()).describe("Git work in it that was never pushed, as it was found last"),
});

export const archiveListSchema = z
  .strictObject({ archives: z.array(archive) })
  .describe("devbox-ctl archive list --json");

export const archiveRemoveSchema = z
  .strictObject({ id: z.string(), box: z.string(), removed: z.boolean() })
  .describe("devbox-ctl archive remove --json");

export const archiveVerifySchema = z
  .strictObject({
    sound: z.boolean().describe("Whether all are; otherwise the exit code is 5"),
    archives: z.array(
      z.strictObject({
        id: z.string(),
        box: z.string(),
        owner: z.string(),
        sound: z.boolean(),
        problem: z.string().nullable(),
      }),
    ),
  })
  .describe("devbox-ctl archive verify --json");
