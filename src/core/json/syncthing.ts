import * as z from "zod";
import { bytes, time } from "./parts.ts";

const name = z.string().describe("The box");
const deviceId = z.string().describe("The box's own, eight groups of seven");
const folderPath = z.string().describe("The folder in the box");
const files = z.int().nonnegative();
const percent = z.number().describe("0 to 100");

const pending = z
  .array(
    z.strictObject({
      id: z.string(),
      name: z.string().nullable(),
      address: z.string().nullable(),
      since: time.nullable(),
    }),
  )
  .describe("Devices that have asked to be let in");

export const syncthingEnableSchema = z
  .strictObject({
    name,
    enabled: z.literal(true),
    deviceId,
    folder: folderPath,
    gui: z.strictObject({
      url: z.string().describe("In the box; its loopback is reached by the tailnet or a port-forward"),
      user: z.string(),
      password: z.string().nullable().describe("Only of the call that made it"),
    }),
  })
  .describe("devbox-ctl syncthing enable --json");

export const syncthingDisableSchema = z
  .strictObject({ name, enabled: z.literal(false) })
  .describe("devbox-ctl syncthing disable --json");

export const syncthingPairSchema = z
  .strictObject({
    name,
    deviceId,
    folder: folderPath,
    paired: z
      .strictObject({ device: z.string(), added: z.boolean().describe("False when it was in already") })
      .nullable()
      .describe("null: no DEVICE-ID was given"),
    pending,
  })
  .describe("devbox-ctl syncthing pair --json");

export const syncthingUnpairSchema = z
  .strictObject({ name, device: z.string(), removed: z.boolean().describe("False when it was not in") })
  .describe("devbox-ctl syncthing unpair --json");

export const syncthingPasswordSchema = z
  .strictObject({ name, user: z.string(), password: z.string() })
  .describe("devbox-ctl syncthing password --json");

const folder = z.strictObject({
  id: z.string(),
  path: z.string(),
  state: z.string().describe("idle, scanning, syncing, error, paused, …, in Syncthing's words"),
  error: z.string().nullable(),
  devices: z.array(z.string()).describe("Ids it is shared with"),
  files,
  bytes,
  needFiles: files.describe("Changes that others have and the box has not yet"),
  needBytes: bytes,
  completion: percent,
  failedFiles: files,
  failures: z.array(z.strictObject({ path: z.string(), error: z.string() })).describe("The first five"),
  conflicts: z.strictObject({
    count: files.describe("Files named *.sync-conflict-*"),
    complete: z.boolean().describe("False: there may be more, the search is bounded"),
    files: z.array(z.string()).describe("The first ten"),
  }),
});

export const syncthingStatusSchema = z
  .strictObject({
    name,
    deviceId,
    version: z.string(),
    gui: z.strictObject({ url: z.string(), password: z.boolean().describe("Whether it asks for one") }),
    listeners: z.array(z.strictObject({ address: z.string(), error: z.string().nullable() })),
    discovery: z.strictObject({ global: z.boolean(), local: z.boolean(), relays: z.boolean() }),
    folders: z.array(folder),
    devices: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string().nullable(),
        connected: z.boolean(),
        paused: z.boolean(),
        address: z.string().nullable(),
        lastSeen: time.nullable(),
        completion: percent.nullable(),
      }),
    ),
    pending,
    messages: z.array(z.strictObject({ at: time.nullable(), text: z.string() })).describe("Its last warnings"),
  })
  .describe("devbox-ctl syncthing status --json");
