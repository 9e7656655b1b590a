import * as z from "zod";
import { bytes } from "./parts.ts";

/** `config show --json`: the whole configuration. */

const span = z.int().nonnegative().describe("Milliseconds");
const spanOrNever = span.nullable();
const bounds = z.strictObject({ min: span, max: spanOrNever });

const webhook = z.strictObject({
  type: z.literal("webhook"),
  url: z.string().nullable(),
  urlFile: z.string().nullable(),
  format: z.enum(["json", "ntfy", "slack", "matrix"]),
  tokenFile: z.string().nullable(),
  timeout: z.int(),
});
const email = z.strictObject({
  type: z.literal("email"),
  host: z.string(),
  port: z.int(),
  security: z.enum(["tls", "starttls", "none"]),
  from: z.string(),
  user: z.string().nullable(),
  passwordFile: z.string().nullable(),
  timeout: z.int(),
});
const command = z.strictObject({ type: z.literal("command"), argv: z.array(z.string()), timeout: z.int() });

export const configShowSchema = z
  .strictObject({
    file: z.string().nullable().describe("null: these are the defaults"),
    stateDir: z.string().describe("Where the ledger is"),
    config: z.strictObject({
      host: z.strictObject({
        name: z.string().nullable(),
        serviceUser: z.string().nullable(),
        adminGroups: z.array(z.string()),
        commands: z.int(),
        sessions: z.int(),
      }),
      state: z.strictObject({ dir: z.string().nullable() }),
      limits: z.strictObject({
        perUser: z.int().nonnegative(),
        global: z.int().nonnegative(),
        counts: z.enum(["existing", "running"]),
        cpus: z.number(),
        memory: bytes,
        pids: z.int(),
        maxCpus: z.number(),
        maxMemory: bytes,
        reserve: z.strictObject({ memory: bytes, disk: bytes }),
      }),
      image: z.string(),
      engine: z.strictObject({
        kind: z.literal("podman"),
        path: z.string(),
        socket: z.string().nullable(),
        runtime: z.string().nullable(),
        namespace: z.string(),
        timeout: z.int().describe("Seconds"),
      }),
      isolation: z.strictObject({ blocked: z.array(z.string()), readOnlyRoot: z.boolean() }),
      secrets: z.strictObject({
        provider: z.enum(["none", "file", "op-cli", "onepassword"]),
        vault: z.string(),
        tokenFile: z.string().nullable(),
        dir: z.string().nullable(),
        op: z.string(),
        timeout: z.int(),
      }),
      tailnet: z.strictObject({
        provider: z.enum(["none", "tailscale", "headscale"]),
        loginServer: z.string().nullable(),
        timeout: z.int(),
        env: z.record(z.string(), z.string()),
        api: z.strictObject({
          url: z.string().nullable(),
          tailnet: z.string(),
          tokenFile: z.string().nullable(),
          clientId: z.string().nullable(),
          clientSecretFile: z.string().nullable(),
        }),
      }),
      lifecycle: z.strictObject({
        stopAfterIdle: spanOrNever,
        destroyAfterStopped: spanOrNever,
        notice: span,
        reminder: spanOrNever,
        bounds: z.strictObject({ stopAfterIdle: bounds, destroyAfterStopped: bounds }),
        maxHold: span,
        grace: span,
        parallel: z.int(),
        activity: z.strictObject({
          signals: z.strictObject({
            terminal: z.boolean(),
            connection: z.boolean(),
            cpu: z.boolean(),
            agent: z.boolean(),
            workspace: z.boolean(),
            network: z.boolean(),
            hold: z.boolean(),
          }),
          connection: span,
          agent: span,
          cpuPercent: z.number(),
          networkBytes: z.int(),
        }),
        archive: z.strictObject({
          dir: z.string().nullable(),
          keep: spanOrNever,
          quota: bytes.nullable(),
          perUser: bytes.nullable(),
        }),
      }),
      notify: z.array(z.discriminatedUnion("type", [webhook, email, command])),
      users: z.record(
        z.string(),
        z.strictObject({
          email: z.string().optional(),
          limits: z.strictObject({ boxes: z.int().nonnegative().optional() }).optional(),
          lifecycle: z
            .strictObject({ stopAfterIdle: spanOrNever.optional(), destroyAfterStopped: spanOrNever.optional() })
            .optional(),
        }),
      ),
    }),
  })
  .describe("devbox-ctl config show --json");
