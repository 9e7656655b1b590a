import * as z from "zod";
import { bytes, time } from "./parts.ts";

export const volumeListSchema = z
  .strictObject({
    volumes: z.array(
      z.strictObject({
        name: z.string(),
        owner: z.string(),
        box: z.string().nullable().describe("Whose home it is; null for one that was kept"),
        madeFor: z.string().describe("The box it was made for"),
        createdAt: time.nullable(),
        sizeBytes: bytes.nullable(),
      }),
    ),
  })
  .describe("devbox-ctl volume list --json");

export const volumeRemoveSchema = z
  .strictObject({ name: z.string(), removed: z.boolean() })
  .describe("devbox-ctl volume remove --json");

export const imageBuildSchema = z
  .strictObject({
    id: z.string(),
    names: z.array(z.string()),
    built: z.boolean().describe("False when it was here already"),
    parts: z.array(z.string()).describe("What it was put together from"),
  })
  .describe("devbox-ctl image build --json");

export const imageLoadSchema = z
  .strictObject({
    names: z.array(z.string()),
    missing: z.string().nullable().describe("The image that create takes, when it is not here yet"),
  })
  .describe("devbox-ctl image load --json");

export const imageListSchema = z
  .strictObject({
    images: z.array(
      z.strictObject({
        id: z.string(),
        names: z.array(z.string()),
        createdAt: time.nullable(),
        sizeBytes: bytes,
        contract: z.string().describe("Version of the image contract that it keeps"),
        key: z.string().nullable().describe("SHA-256 of what it was built from; null for one built elsewhere"),
        parts: z.array(z.string()).describe("What it was put together from; empty for one that does not say"),
        configured: z.boolean().describe("The one that create takes"),
      }),
    ),
  })
  .describe("devbox-ctl image list --json");

export const imagePruneSchema = z
  .strictObject({
    dryRun: z.boolean(),
    images: z.array(z.strictObject({ id: z.string(), names: z.array(z.string()), sizeBytes: bytes })),
  })
  .describe("devbox-ctl image prune --json: what was removed, or would be");

export const imagePrepareSchema = z
  .strictObject({
    images: z.array(
      z.strictObject({
        image: z.string(),
        ranges: z.int().nonnegative().describe("Ranges of ids that it is ready for; 0 where none are needed"),
      }),
    ),
  })
  .describe("devbox-ctl image prepare --json");

export const copySchema = z
  .strictObject({
    from: z.string().describe("As it was typed"),
    to: z.string().describe("As it was typed"),
    kind: z.enum(["file", "directory"]),
    bytes: bytes.describe("A file's own bytes; for a directory those of its archive"),
    remarks: z.array(z.string()).describe("What is to be known although nothing failed, such as a file that changed"),
  })
  .describe("devbox-ctl cp --json");

const tcpPort = z.int().min(1).max(65_535);

export const portForwardSchema = z
  .strictObject({
    box: z.string(),
    forwards: z.array(
      z.strictObject({
        address: z.string().describe("Of this machine; always 127.0.0.1"),
        localPort: tcpPort.describe("Of this machine"),
        port: tcpPort.describe("In the box"),
        url: z.string(),
      }),
    ),
  })
  .describe("devbox-ctl port-forward --json, devbox-ctl open --json: one line as soon as it listens");
