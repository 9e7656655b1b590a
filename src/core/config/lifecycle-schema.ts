import * as z from "zod";
import { parseDuration, spanText, type Millis } from "../time.ts";
import { formatSize, parseSize } from "../size.ts";
import { DEFAULTS } from "./defaults.ts";
import { absolutePath } from "./tailnet-schema.ts";

const { lifecycle } = DEFAULTS;
const { activity } = lifecycle;

const NEVER = "never";
const spanOr = (what: string) => (span: Millis | null) => (span === null ? what : spanText(span));
const orNever = spanOr(NEVER);

const span = z
  .string()
  .meta({ examples: ["7d", "48h", "30m", "90s"] })
  .transform((text, ctx) => {
    const parsed = parseDuration(text);
    if (parsed !== undefined && parsed > 0) return parsed;
    ctx.addIssue({ code: "custom", message: "must be a span such as 7d, 48h, 30m or 90s", input: text });
    return z.NEVER;
  });

/** A span, or never. */
const spanOrNever = z.union([z.literal(NEVER).transform(() => null), span], "must be a span such as 7d, or never");

const size = z.string().transform((text, ctx) => {
  const parsed = parseSize(text);
  if ("bytes" in parsed) return parsed.bytes;
  ctx.addIssue({ code: "custom", message: `${parsed.problem}; give a size such as 50GiB`, input: text });
  return z.NEVER;
});
const maybeSize = (bytes: number | null) => (bytes === null ? null : formatSize(bytes).replace(" ", ""));

const bounds = ({ min, max }: { min: Millis; max: Millis | null }, what: string) =>
  z
    .strictObject({
      min: span.prefault(spanText(min)).describe(`Least that owners may choose for ${what}`),
      max: spanOrNever.prefault(orNever(max)).describe(`Most that they may; never: no end, and never may be chosen`),
    })
    .prefault({})
    .describe(`What owners may choose for ${what}`)
    .refine((b) => b.max === null || b.min <= b.max, { path: ["min"], error: "must not be over max" });

const on = (signal: keyof typeof activity.signals, what: string) =>
  z.boolean().default(activity.signals[signal]).describe(what);

const activitySchema = z
  .strictObject({
    signals: z
      .strictObject({
        terminal: on("terminal", "What is typed in terminals, also those of editors"),
        connection: on("connection", "Connections: SSH, editors, forwarded ports"),
        cpu: on("cpu", "CPU time of the whole box"),
        agent: on("agent", "Coding agents at work"),
        workspace: on("workspace", "Files that change in the workspace"),
        network: on("network", "Bytes that come and go over the network"),
        hold: on("hold", "Hold files in the box"),
      })
      .prefault({})
      .describe("Which signs count as use"),
    connection: span
      .prefault(spanText(activity.connection))
      .describe("How long an open connection counts over which nothing comes"),
    agent: span
      .prefault(spanText(activity.agent))
      .describe("How long a coding agent counts that says, reads and computes nothing"),
    cpuPercent: z
      .number()
      .min(0.1)
      .max(10_000)
      .default(activity.cpuPercent)
      .describe("Per cent of one core, on average between two looks, from which on CPU time is use"),
    networkBytes: z
      .int()
      .min(1)
      .default(activity.networkBytes)
      .describe("Bytes a minute, on average between two looks, from which on traffic is use"),
  })
  .prefault({})
  .describe("What counts as use of a box");

const archiveSchema = z
  .strictObject({
    dir: absolutePath.nullable().default(null).describe("Where archives lie; null: archives in the state directory"),
    keep: spanOrNever
      .prefault(orNever(lifecycle.archive.keep))
      .describe("How long an archive is kept; never: until somebody removes it"),
    quota: size
      .nullable()
      .prefault(maybeSize(lifecycle.archive.quota))
      .describe("What all archives together may take; null: what limits.reserve.disk leaves"),
    perUser: size
      .nullable()
      .prefault(maybeSize(lifecycle.archive.perUser))
      .describe("What the archives of one user may take; null: no limit of its own"),
  })
  .prefault({})
  .describe("Homes of boxes that are destroyed for want of use");

export const lifecycleSchema = z
  .strictObject({
    stopAfterIdle: spanOrNever
      .prefault(orNever(lifecycle.stopAfterIdle))
      .describe("Boxes without use are stopped after it"),
    destroyAfterStopped: spanOrNever
      .prefault(orNever(lifecycle.destroyAfterStopped))
      .describe("Stopped boxes are archived and destroyed after it, counted from the stop"),
    notice: span.prefault(spanText(lifecycle.notice)).describe("How long before either the owner is told, at least"),
    reminder: spanOrNever.prefault(orNever(lifecycle.reminder)).describe("How long before either they are told again"),
    bounds: z
      .strictObject({
        stopAfterIdle: bounds(lifecycle.bounds.stopAfterIdle, "stopAfterIdle"),
        destroyAfterStopped: bounds(lifecycle.bounds.destroyAfterStopped, "destroyAfterStopped"),
      })
      .prefault({})
      .describe("What owners may choose for boxes of theirs"),
    maxHold: span.prefault(spanText(lifecycle.maxHold)).describe("Longest time that a hold lasts"),
    grace: span
      .prefault(spanText(lifecycle.grace))
      .describe("What programs have to save their work once they are told that the box stops"),
    parallel: z
      .int()
      .min(1)
      .max(64)
      .default(lifecycle.parallel)
      .describe("Boxes that are looked at, or acted on, at the same time"),
    activity: activitySchema,
    archive: archiveSchema,
  })
  .prefault({})
  .describe("What becomes of boxes that nobody uses")
  .refine((l) => l.stopAfterIdle === null || l.notice < l.stopAfterIdle, {
    path: ["notice"],
    error: "must be shorter than stopAfterIdle",
  })
  .refine((l) => l.destroyAfterStopped === null || l.notice < l.destroyAfterStopped, {
    path: ["notice"],
    error: "must be shorter than destroyAfterStopped",
  })
  .refine((l) => l.reminder === null || l.reminder < l.notice, {
    path: ["reminder"],
    error: "must be shorter than notice",
  });

/** What one user has otherwise than the host. */
export const userLifecycleSchema = z
  .strictObject({
    stopAfterIdle: spanOrNever.optional().describe("Instead of lifecycle.stopAfterIdle"),
    destroyAfterStopped: spanOrNever.optional().describe("Instead of lifecycle.destroyAfterStopped"),
  })
  .optional()
  .describe("What becomes of this user's boxes");
