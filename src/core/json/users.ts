import * as z from "zod";

const key = z.strictObject({
  fingerprint: z.string().describe("As ssh-keygen -l prints it"),
  type: z.string(),
  comment: z.string(),
});

const user = z.strictObject({
  name: z.string(),
  configured: z.boolean().describe("Whether the configuration names them"),
  administrator: z.boolean(),
  account: z.boolean().describe("Whether there is an account of that name, by which they come"),
  keys: z.array(key).describe("By which they come to the service account"),
  boxes: z.array(z.string()),
  boxesAllowed: z.int().nonnegative().describe("The most boxes they may have"),
});

export const userListSchema = z.strictObject({ users: z.array(user) }).describe("devbox-ctl user list --json");

export const userShowSchema = user.describe("devbox-ctl user show --json");

export const userAddKeySchema = z
  .strictObject({
    user: z.string(),
    added: z.array(key),
    known: z.array(key).describe("Those that the user had already"),
  })
  .describe("devbox-ctl user add-key --json");

export const userRemoveKeySchema = z
  .strictObject({ user: z.string(), removed: key })
  .describe("devbox-ctl user remove-key --json");

export const userRemoveSchema = z
  .strictObject({
    user: z.string(),
    complete: z.boolean().describe("False when a box is left or something is to be retried; then the exit code is 11"),
    keys: z.array(key).describe("Those that were taken away"),
    boxes: z.array(
      z.strictObject({
        name: z.string(),
        done: z.boolean().describe("Whether it is theirs no more"),
        problem: z.string().nullable(),
        keptVolume: z.string().nullable().describe("Volume with the home that was kept"),
      }),
    ),
    running: z
      .array(z.strictObject({ command: z.string(), box: z.string().nullable(), pid: z.int() }))
      .describe("Commands of theirs that are at work still"),
    remains: z.array(z.string()).describe("What a person has to do"),
  })
  .describe("devbox-ctl user remove --json");
