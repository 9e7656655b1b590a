import { formatSize } from "../../core/size.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { EngineImage } from "../../ports/engine.ts";
import type { PruneResult } from "../../usecases/image-prune.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";

/** `image list` for a person; the one that `create` takes is marked. */
export function presentImages(style: Style, images: readonly EngineImage[], configured: string, now: Millis): string {
  if (images.length === 0) return "  There is no box image here.\n    Make one: devbox-ctl image build";
  const rows = images.map((image) => [
    image.names.join(", ") || "(no name)",
    image.id.slice(0, 12),
    formatSize(image.size),
    image.createdAt === undefined ? "-" : ago(image.createdAt, now),
    image.parts.join(" ") || "-",
    image.names.includes(configured) ? "used by create" : "",
  ]);
  return table(style, ["NAME", "ID", "SIZE", "MADE", "PARTS", ""], rows);
}

/** `image list --json`; its schema is docs/json/image-list.schema.json. */
export function imagesJson(images: readonly EngineImage[], configured: string) {
  return {
    images: images.map((image) => ({
      id: image.id,
      names: [...image.names],
      createdAt: jsonTime(image.createdAt),
      sizeBytes: image.size,
      contract: image.contract,
      key: orNull(image.key),
      parts: [...image.parts],
      configured: image.names.includes(configured),
    })),
  };
}

/** `image prune` for a person. */
export function presentPruned(style: Style, { removed, dryRun }: PruneResult): string {
  if (removed.length === 0) return "  No box image is left over.";
  const rows = removed.map(({ id, names, size }) => [
    id.slice(0, 12),
    names.join(", ") || "(no name)",
    formatSize(size),
    dryRun ? "would be removed" : "removed",
  ]);
  return table(style, ["ID", "NAME", "SIZE", ""], rows);
}

/** `image prune --json`; its schema is docs/json/image-prune.schema.json. */
export function prunedJson({ removed, dryRun }: PruneResult) {
  return { dryRun, images: removed.map(({ id, names, size }) => ({ id, names: [...names], sizeBytes: size })) };
}
