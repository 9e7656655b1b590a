import * as z from "zod";
import { webhookUrlProblem } from "../notify-url.ts";
import { absolutePath } from "./tailnet-schema.ts";

const timeout = z.int().min(1).max(300).default(20).describe("Seconds after which a try is given up");

const webhook = z
  .strictObject({
    type: z.literal("webhook"),
    url: z
      .string()
      .superRefine((text, ctx) => {
        const message = webhookUrlProblem(text);
        if (message !== undefined) ctx.addIssue({ code: "custom", message, input: text });
      })
      .nullable()
      .default(null)
      .describe("Address that notices are sent to"),
    urlFile: absolutePath.nullable().default(null).describe("File with that address, where it is a secret itself"),
    format: z.enum(["json", "ntfy", "slack", "matrix"]).default("json").describe("Shape of what is sent"),
    tokenFile: absolutePath.nullable().default(null).describe("File with a bearer token"),
    timeout,
  })
  .refine((w) => (w.url === null) !== (w.urlFile === null), "needs one of url and urlFile");

const email = z
  .strictObject({
    type: z.literal("email"),
    host: z.string().min(1).describe("Mail server"),
    port: z.int().min(1).max(65_535).default(587).describe("Its port"),
    security: z
      .enum(["tls", "starttls", "none"])
      .default("starttls")
      .describe("none only where host is this machine's loopback"),
    from: z.email().describe("Sender"),
    user: z.string().min(1).nullable().default(null).describe("Name to log in with"),
    passwordFile: absolutePath.nullable().default(null).describe("File with the password"),
    timeout,
  })
  .refine((e) => e.security !== "none" || ["localhost", "127.0.0.1", "::1"].includes(e.host), {
    path: ["security"],
    error: "must not be none for another machine",
  })
  .refine((e) => (e.user === null) === (e.passwordFile === null), "needs both or none of user and passwordFile");

const command = z.strictObject({
  type: z.literal("command"),
  argv: z
    .array(z.string().min(1))
    .min(1)
    .refine(([program = ""]) => program.startsWith("/"), "must begin with an absolute path")
    .describe("Program and its words; it gets the notice as JSON on standard input"),
  timeout,
});

export const notifySchema = z
  .array(z.discriminatedUnion("type", [webhook, email, command]))
  .max(20)
  .default([])
  .describe("How people are told, besides in the box and at their next command");
