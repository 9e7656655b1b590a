import * as z from "zod";
import { time } from "./parts.ts";

const user = {
  name: z.string(),
  keyFile: z.string().describe("File with the auth key of this user's boxes"),
};

export const tailnetDevUpSchema = z
  .strictObject({
    url: z.string().describe("Where headscale answers"),
    users: z.array(z.strictObject({ ...user, keyExpiresAt: time.nullable() })),
    config: z.string().describe("The configuration file that makes boxes join"),
    started: z.boolean().describe("False when it ran already"),
  })
  .describe("devbox-ctl tailnet dev up --json");

export const tailnetDevDownSchema = z
  .strictObject({
    stopped: z.boolean().describe("Whether it was up"),
    purged: z.boolean().describe("Whether what it had is gone"),
    boxes: z.array(z.string()).describe("Boxes that a purge has left, on no tailnet"),
    boxesConfig: z
      .string()
      .nullable()
      .describe("The configuration file under which these boxes are found; null: they are among the usual ones"),
  })
  .describe("devbox-ctl tailnet dev down --json");

export const tailnetDevStatusSchema = z
  .strictObject({
    state: z.enum(["none", "off", "died", "running"]).describe("died: by itself, or with the machine"),
    url: z.string().nullable().describe("Where headscale answers when it runs"),
    users: z.array(z.strictObject(user)),
    nodes: z
      .array(
        z.strictObject({
          id: z.string(),
          name: z.string().describe("The name under which it is found"),
          user: z.string().nullable().describe("Whose it is; null for one that has tags"),
          tags: z.array(z.string()),
          addresses: z.array(z.string()),
          online: z.boolean(),
        }),
      )
      .nullable()
      .describe("null: headscale cannot be asked"),
    config: z.string().describe("The configuration file that makes boxes join"),
    inForce: z.boolean().describe("Whether it is the configuration in force"),
    log: z.string().describe("What headscale says"),
    problem: z.string().nullable().describe("Why it cannot be asked, though it runs"),
  })
  .describe("devbox-ctl tailnet dev status --json");
