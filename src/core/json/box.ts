import * as z from "zod";
import { archive } from "./archives.ts";
import { OPERATION_KINDS } from "../operation.ts";
import { SERVICE_STATES } from "../services.ts";
import { nextChange } from "./lifecycle.ts";
import { syncthingEnableSchema } from "./syncthing.ts";
import { box, boxState, bytes, desiredState, notEnforced, ownSlots, slots, time } from "./parts.ts";

const nullableBytes = bytes.nullable();

const created = {
  box,
  state: desiredState,
  slots,
  notEnforced,
  services: z.array(z.string()).describe("Services that are ready"),
  syncthing: syncthingEnableSchema.nullable().describe("With --with-syncthing; its password is shown this once"),
};

export const createSchema = z.strictObject(created).describe("devbox-ctl create --json");

export const restoreSchema = z
  .strictObject({ ...created, archive: z.string().describe("Id of the archive that its home is from") })
  .describe("devbox-ctl restore --json");

export const changeSchema = z
  .strictObject({
    box,
    state: desiredState.describe("What it is now"),
    changed: z.boolean().describe("False when it was so already"),
  })
  .describe("devbox-ctl start, stop and restart, with --json");

export const rebuildSchema = z
  .strictObject({ box, state: desiredState, previousImage: z.string().describe("What it was made from before") })
  .describe("devbox-ctl rebuild --json");

export const serviceSchema = z
  .strictObject({ name: z.string(), service: z.string(), enabled: z.boolean() })
  .describe("devbox-ctl service enable and disable, with --json");

export const destroySchema = z
  .strictObject({
    name: z.string(),
    destroyed: z.boolean(),
    keptVolume: z.string().nullable().describe("The home, when it was kept"),
    archive: archive.nullable().describe("Where the home is, when it was put away"),
    slots: z.strictObject(ownSlots),
  })
  .describe("devbox-ctl destroy --json");

export const statusSchema = z
  .strictObject({
    box,
    state: boxState,
    desired: desiredState.describe("What its owner last asked for"),
    startedAt: time.nullable(),
    stoppedAt: time.nullable(),
    exitCode: z.int().nullable().describe("Of its first process, when it is stopped"),
    outOfMemory: z.boolean(),
    pid: z.int().nullable().describe("Of its first process, as the host sees it"),
    address: z.string().nullable(),
    cpuPercent: z.number().nullable().describe("Of one core, at the moment"),
    memoryUsedBytes: nullableBytes,
    processes: z.int().nonnegative().nullable(),
    homeBytes: nullableBytes.describe("Disk that its home takes"),
    notEnforced,
    services: z
      .array(
        z.strictObject({
          name: z.string(),
          state: z
            .enum(SERVICE_STATES)
            .describe("failing: it keeps dying; stopped: it is not meant to run; absent: not in this image"),
          restarts: z.int().nonnegative().describe("How often it died since the box was started"),
          upSeconds: z.number().nullable(),
          lastExit: z.string().nullable().describe("How it ended last: exit 1, signal KILL"),
          lines: z.array(z.string()).describe("What it said last, when it is not ready"),
        }),
      )
      .nullable()
      .describe("null: it does not run, or does not say"),
    tailnet: z
      .enum(["joined", "offline", "out", "silent"])
      .nullable()
      .describe(
        "How its own node says it is; silent: tailscaled does not answer; null: it does not run, or joins none",
      ),
    ...{ next: nextChange, heldUntil: time.nullable() },
    schedule: z
      .strictObject({ start: z.string().nullable(), stop: z.string().nullable(), zone: z.string() })
      .nullable()
      .describe("When it is started and stopped by itself; see schedule show"),
    operation: z
      .strictObject({
        kind: z.enum(OPERATION_KINDS),
        interrupted: z.boolean().describe("The process that was at it is gone"),
        pid: z.int().nullable().describe("Of the process that is at it"),
      })
      .nullable()
      .describe("What is under way on it"),
  })
  .describe("devbox-ctl status --json");

export const listSchema = z
  .strictObject({
    boxes: z.array(
      z.strictObject({
        name: z.string(),
        id: z.string(),
        owner: z.string(),
        state: boxState,
        interrupted: z.boolean().describe("A command on it was killed; the next one puts it right"),
        image: z.string(),
        cpus: z.number().nullable(),
        memoryBytes: nullableBytes.describe("Most memory"),
        createdAt: time.nullable(),
        lastUsedAt: time.nullable(),
        lastUsedBy: z.string().nullable(),
        stoppedAt: time.nullable(),
        usage: z
          .strictObject({
            cpuPercent: z.number().nullable(),
            memoryBytes: nullableBytes,
            pids: z.int().nonnegative().nullable(),
          })
          .nullable()
          .describe("At the moment; only with --usage, and only of running boxes"),
        next: nextChange,
        heldUntil: time.nullable().describe("It is neither stopped nor destroyed by itself before"),
      }),
    ),
    slots,
  })
  .describe("devbox-ctl list --json");
