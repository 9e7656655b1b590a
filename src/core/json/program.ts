import * as z from "zod";
import { type ErrorCode, ERROR_EXIT } from "../errors.ts";
import { type ExitCode, EXIT_MEANING } from "../exit-codes.ts";

const errorCodes = Object.keys(ERROR_EXIT) as ErrorCode[];

export const errorSchema = z
  .strictObject({
    error: z.strictObject({
      code: z.enum([...errorCodes, "BUG"]).describe("For scripts; never renamed"),
      message: z.string().describe("What happened"),
      cause: z.string().nullable().describe("Why, in the words of whoever refused"),
      suggestions: z.array(z.string()).describe("What to do next, the most useful first"),
    }),
  })
  .describe("Any command that fails, with --json");

export const exitCodesSchema = z
  .strictObject({
    exitCodes: z.array(
      z.strictObject({
        code: z.literal(EXIT_MEANING.map(([code]): ExitCode => code)),
        meaning: z.string(),
        errors: z.array(z.string()).describe("The error codes that lead to it"),
      }),
    ),
  })
  .describe("devbox-ctl help exit-codes --json");

export const helpSchema = z.strictObject({ help: z.string() }).describe("devbox-ctl help --json");

export const completionSchema = z
  .strictObject({ shell: z.string(), script: z.string() })
  .describe("devbox-ctl completion --json");

export const sshConfigSchema = z
  .strictObject({
    way: z
      .enum(["local", "key", "account"])
      .describe("local: on this machine; key: by a key of the service account; account: by one's own account there"),
    host: z.string().describe("The pattern behind Host"),
    options: z.array(z.strictObject({ name: z.string(), value: z.string() })).describe("In their order"),
    text: z.string().describe("All of it as it goes into ~/.ssh/config"),
  })
  .describe("devbox-ctl ssh-config --json");

export const configCheckSchema = z
  .strictObject({ file: z.string().nullable().describe("null: there is none"), valid: z.boolean() })
  .describe("devbox-ctl config check --json");

const findings = z.array(
  z.strictObject({
    check: z.string().describe("What was looked at"),
    status: z
      .enum(["pass", "remark", "problem", "fixed"])
      .describe("remark: worth knowing, nothing is broken; fixed: was a problem until just now"),
    text: z.string(),
    next: z.array(z.string()).describe("What to do about it"),
  }),
);

export const imageCheckSchema = z
  .strictObject({ image: z.string(), findings, problems: z.int().nonnegative() })
  .describe("devbox-ctl image check --json");

export const doctorSchema = z
  .strictObject({
    findings,
    problems: z.int().nonnegative(),
    remarks: z.int().nonnegative(),
    fixed: z.int().nonnegative(),
  })
  .describe("devbox-ctl doctor --json");

const nullable = z.string().nullable();

export const hostSetupSchema = z
  .strictObject({
    account: nullable.describe("The account that runs the boxes; null: nothing was set up"),
    items: z
      .array(
        z.strictObject({
          id: z.string().describe("Kind and path or name: file:/etc/devbox/boundary"),
          kind: z.enum(["account", "subids", "linger", "directory", "file", "link", "program", "unit"]),
          purpose: z.string(),
          mode: nullable.describe("Four octal digits"),
          owner: nullable,
          group: nullable,
          content: nullable.describe("A file's whole text; null where it is its administrator's"),
          target: nullable.describe("Where a link leads"),
          version: nullable.describe("The program's version, with a hash of what is in it"),
          manager: z.enum(["system", "account"]).nullable().describe("Whose systemd manager a unit belongs to"),
          active: z.boolean().nullable().describe("Whether a unit is started as well as enabled"),
          uid: z.int().nullable().describe("An account's user and group id"),
          home: nullable,
          shell: nullable,
          count: z.int().nullable().describe("Subordinate ids that an account needs at least"),
          state: z.enum(["ok", "make", "change"]).describe("What was found: as wanted, nothing, or something else"),
          differences: z.array(z.string()),
        }),
      )
      .describe("What is wanted, in the order in which it is made; empty with --uninstall"),
    changed: z.int().nonnegative().describe("How many items were made, mended or taken back"),
    remarks: z.array(z.string()).describe("What an administrator has to know or to do"),
  })
  .describe("devbox-ctl host setup --json");
