import { momentText, type Shown } from "../../core/lifecycle/moment-text.ts";
import type { RestoreResult } from "../../usecases/archives/restore.ts";
import { createJson } from "./create.ts";

/** What is to be known of a restored box besides that it is created. */
export function presentRestored({ archive: { id, createdAt } }: RestoreResult, { now, zone }: Shown): string {
  return `  Its home is that of ${momentText(createdAt, zone, now)}. The archive stays; to remove it: devbox-ctl archive remove ${id}`;
}

/** `restore --json`; its schema is docs/json/restore.schema.json. */
export function restoreJson(result: RestoreResult) {
  return { ...createJson(result), archive: result.archive.id };
}
