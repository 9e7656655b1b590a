import * as z from "zod";

/** What several results say, one description each; they become docs/json. */

export const time = z.iso.datetime().describe("RFC 3339, UTC, to the second");

export const bytes = z.int().nonnegative().describe("Bytes");

export const boxState = z
  .enum([
    "running",
    "stopped",
    "paused",
    "starting",
    "stopping",
    "creating",
    "destroying",
    "gone",
    "unregistered",
    "unknown",
  ])
  .describe(
    "gone: its container was removed by other hands; unregistered: there is a container, but no entry in the ledger",
  );

export const desiredState = z.enum(["running", "stopped"]);

export const notEnforced = z
  .array(z.enum(["cpus", "memory", "pids"]))
  .describe("Limits that this host's engine does not enforce");

export const box = z
  .strictObject({
    name: z.string(),
    id: z.string().describe("Never used again, unlike the name"),
    owner: z.string(),
    image: z.string(),
    cpus: z.number().describe("Most CPU cores"),
    memoryBytes: bytes.describe("Most memory"),
    pids: z.int().nonnegative().describe("Most processes and threads"),
    homeVolume: z.string().describe("Podman's name of the volume at /home/dev"),
    containerId: z.string().nullable(),
    createdAt: time.nullable(),
    lastUsedAt: time.nullable(),
    lastUsedBy: z.string().nullable().describe("ssh, exec, start, …"),
    tailnet: z
      .strictObject({
        nodeId: z.string().describe("The control plane's own id of its device"),
        dnsName: z.string(),
        addresses: z.array(z.string()),
        tags: z.array(z.string()),
      })
      .nullable()
      .describe("Its device on the tailnet, as of its last login"),
  })
  .describe("A box");

export const ownSlots = {
  used: z.int().nonnegative().describe("Boxes of yours that count"),
  allowed: z.int().nonnegative().describe("The most you may have"),
};

export const slots = z.strictObject({
  ...ownSlots,
  onHost: z.int().nonnegative().describe("Boxes on this host that count"),
  global: z.int().nonnegative().describe("The most this host may have"),
});
