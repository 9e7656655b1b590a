import * as z from "zod";
import { MIN_MEMORY } from "../limits.ts";
import { formatSize, parseSize } from "../size.ts";
import { brokenNameRule } from "../name.ts";
import { spanText } from "../time.ts";
import type { Config } from "./config.ts";
import { DEFAULTS } from "./defaults.ts";
import { lifecycleSchema, userLifecycleSchema } from "./lifecycle-schema.ts";
import { notifySchema } from "./notify-schema.ts";
import { absolutePath, secretsSchema, tailnetSchema } from "./tailnet-schema.ts";

const size = z
  .string()
  .meta({ examples: ["4GiB"] })
  .transform((text, ctx) => {
    const parsed = parseSize(text);
    if ("bytes" in parsed) return parsed.bytes;
    ctx.addIssue({ code: "custom", message: `${parsed.problem}; give a size such as 4GiB`, input: text });
    return z.NEVER;
  });

/** Memory that a box can be made with. */
const boxMemory = size.refine((bytes) => bytes >= MIN_MEMORY, `must be at least ${formatSize(MIN_MEMORY)}`);

/** Bytes as a file would give them, so that the JSON Schema names defaults that it would take. */
const asText = (bytes: number) => formatSize(bytes).replace(" ", "");

const positiveInt = z.int().min(1);
const { host, limits, engine } = DEFAULTS;

/** As useradd and systemd take it. */
const unixName = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,30}$/, "must be a name of an account or a group: small letters, digits, - and _");

/** What a user has in place of the host's is told of as long before. */
function checkUserSpans(
  { lifecycle: { notice }, users }: Pick<Config, "lifecycle" | "users">,
  ctx: { addIssue(issue: { code: "custom"; path: string[]; message: string; input: unknown }): void },
): void {
  for (const [user, { lifecycle }] of Object.entries(users)) {
    for (const key of ["stopAfterIdle", "destroyAfterStopped"] as const) {
      const span = lifecycle?.[key];
      if (span === undefined || span === null || notice < span) continue;
      const message = `must be longer than lifecycle.notice (${spanText(notice)}), by which ${user} is told before`;
      ctx.addIssue({ code: "custom", path: ["users", user, "lifecycle", key], message, input: span });
    }
  }
}

/** One description a key: it becomes the config reference and the JSON Schema. */
export const configSchema = z
  .strictObject({
    host: z
      .strictObject({
        name: z.string().min(1).nullable().default(null).describe("Name of this host in messages; null: its host name"),
        serviceUser: unixName
          .nullable()
          .default(host.serviceUser)
          .describe("Account that runs everyone's boxes; null: personal mode, everybody runs their own"),
        adminGroups: z
          .array(unixName)
          .default([...host.adminGroups])
          .describe("Unix groups whose members may act on everyone's boxes; root always may"),
        commands: positiveInt.max(1000).default(host.commands).describe("Most commands of one user that run at once"),
        sessions: positiveInt
          .max(1000)
          .default(host.sessions)
          .describe("Most sessions (ssh, exec, logs, forwards) of one user that are open at once"),
      })
      .prefault({})
      .describe("The host itself"),
    state: z
      .strictObject({
        dir: absolutePath.nullable().default(null).describe("Where the ledger is kept; null: $XDG_STATE_HOME/devbox"),
      })
      .prefault({})
      .describe("The program's own state"),
    limits: z
      .strictObject({
        perUser: z.int().min(0).default(limits.perUser).describe("Boxes one user may have"),
        global: z.int().min(0).default(limits.global).describe("Boxes this host may have"),
        counts: z
          .enum(["existing", "running"])
          .default(limits.counts)
          .describe("Which boxes count: all that exist, or only those that run"),
        cpus: z.number().min(0.1).default(limits.cpus).describe("CPU cores of a box that does not ask"),
        memory: boxMemory.prefault(asText(limits.memory)).describe("Memory of a box that does not ask"),
        pids: positiveInt.default(limits.pids).describe("Most processes and threads in one box"),
        maxCpus: z.number().min(0.1).default(limits.maxCpus).describe("Most CPU cores that one box may ask for"),
        maxMemory: boxMemory.prefault(asText(limits.maxMemory)).describe("Most memory that one box may ask for"),
        reserve: z
          .strictObject({
            memory: size
              .prefault(asText(limits.reserve.memory))
              .describe("Memory that create and start must leave the host"),
            disk: size.prefault(asText(limits.reserve.disk)).describe("Disk that create and start must leave the host"),
          })
          .prefault({})
          .describe("What belongs to the host alone"),
      })
      .prefault({})
      .describe("Limits, checked and taken in one transaction")
      .refine((l) => l.cpus <= l.maxCpus, { path: ["cpus"], error: "must not be over maxCpus" })
      .refine((l) => l.memory <= l.maxMemory, { path: ["memory"], error: "must not be over maxMemory" }),
    image: z.string().min(1).default(DEFAULTS.image).describe("Image of a box that does not ask; never pulled"),
    engine: z
      .strictObject({
        kind: z.literal("podman").default(engine.kind).describe("The container engine"),
        path: z
          .string()
          .min(1)
          .default(engine.path)
          .describe("The podman command: a path, or a name looked up in PATH"),
        socket: absolutePath
          .nullable()
          .default(engine.socket)
          .describe("Socket of the engine's service; null: on an orchestrator the service account's, else none"),
        runtime: z
          .string()
          .min(1)
          .nullable()
          .default(engine.runtime)
          .describe("OCI runtime for boxes; null: the engine's own choice"),
        namespace: z
          .string()
          .refine((n) => n.length <= 40 && brokenNameRule(n) === undefined, "must be a short name as boxes have")
          .default(engine.namespace)
          .describe("Prefix and label of this installation's containers and volumes"),
        timeout: z
          .int()
          .min(1)
          .max(3600)
          .default(engine.timeout)
          .describe("Seconds after which a quick engine call is given up"),
      })
      .prefault({})
      .describe("The container engine"),
    isolation: z
      .strictObject({
        blocked: z
          .array(z.union([z.cidrv4(), z.cidrv6()], "must be a network such as 10.0.0.0/8 or fd00::/8"))
          .default(DEFAULTS.isolation.blocked)
          .describe("Networks that no box reaches, in force from a box's next start"),
        readOnlyRoot: z
          .boolean()
          .default(DEFAULTS.isolation.readOnlyRoot)
          .describe("Whether boxes that do not ask get a read-only root file system"),
      })
      .prefault({})
      .describe("What keeps boxes apart from the host and from each other"),
    secrets: secretsSchema,
    tailnet: tailnetSchema,
    lifecycle: lifecycleSchema,
    notify: notifySchema,
    users: z
      .record(
        unixName,
        z.strictObject({
          email: z.email().optional().describe("Where notices for this user go by e-mail"),
          limits: z
            .strictObject({ boxes: z.int().min(0).optional().describe("Boxes this user may have") })
            .optional()
            .describe("Limits of this user alone"),
          lifecycle: userLifecycleSchema,
        }),
      )
      .default({})
      .describe("Users by name"),
  })
  .superRefine(checkUserSpans);
