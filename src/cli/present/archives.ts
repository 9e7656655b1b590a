import { formatSize } from "../../core/size.ts";
import { momentText, type Shown } from "../../core/lifecycle/moment-text.ts";
import { count } from "../../core/text.ts";
import { ago, iso, type Millis } from "../../core/time.ts";
import type { ListedArchive } from "../../usecases/archives/list.ts";
import type { VerifiedArchive } from "../../usecases/archives/verify.ts";
import { jsonTime } from "../json.ts";
import { REAPED } from "../../usecases/reap/result.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";
import type { Listing } from "./volumes.ts";

/** `archive list` for a person. */
export function presentArchives(style: Style, archives: readonly ListedArchive[], { now, owners }: Listing): string {
  if (archives.length === 0) return owners ? "  There are no archives." : "  You have no archives.";
  const rows = archives.map((archive) => [
    archive.id,
    archive.boxName,
    ...(owners ? [archive.owner] : []),
    formatSize(archive.size),
    formatSize(archive.contentSize),
    ago(archive.createdAt, now),
    until(archive.keptUntil),
    [archive.reason === REAPED ? "nobody used it" : archive.reason, ...unpushed(archive)].join("; "),
  ]);
  const heading = ["ARCHIVE", "BOX", ...(owners ? ["OWNER"] : []), "SIZE", "HOME", "MADE", "KEPT UNTIL", "WHY"];
  return table(style, heading, rows);
}

function unpushed({ unpushed: lines }: ListedArchive): string[] {
  if (lines.length === 0) return [];
  return [`holds ${count(lines.length, "thing")} that ${lines.length === 1 ? "was" : "were"} never pushed`];
}

function until(end: Millis | undefined): string {
  return end === undefined ? "removed" : iso(end).slice(0, 10);
}

/** A sentence about an archive that was made just now. */
export function presentArchived({ id, boxName, size, keptUntil }: ListedArchive, { now, zone }: Shown): string {
  const kept = keptUntil === undefined ? "until it is removed" : `until ${momentText(keptUntil, zone, now)}`;
  return `Its home is archived as ${id} (${formatSize(size)}), kept ${kept}.\n    Bring it back: devbox-ctl restore ${boxName}`;
}

/** `archive verify` for a person. */
export function presentVerified(style: Style, verified: readonly VerifiedArchive[]): string {
  if (verified.length === 0) return "  There are no archives.";
  return verified
    .map(({ archive: { id, boxName }, problem }) =>
      problem === undefined
        ? `  ${style.good("✓")} ${id} of ${boxName} is as it was written`
        : `  ${style.bad("✗")} ${id} of ${boxName} is damaged: ${problem}`,
    )
    .join("\n");
}

/** An archive in `--json`. */
export function archiveJson(archive: ListedArchive) {
  const { id, boxName, boxId, owner, reason, createdAt, keptUntil, size, contentSize, entries, sha256 } = archive;
  return {
    ...{ id, box: boxName, boxId, owner, reason, createdAt: jsonTime(createdAt), keptUntil: jsonTime(keptUntil) },
    ...{ sizeBytes: size, contentBytes: contentSize, entries, sha256, unpushed: [...archive.unpushed] },
  };
}

/** `archive list --json`; its schema is docs/json/archive-list.schema.json. */
export function archivesJson(archives: readonly ListedArchive[]) {
  return { archives: archives.map((archive) => archiveJson(archive)) };
}

/** `archive verify --json`; its schema is docs/json/archive-verify.schema.json. */
export function verifiedJson(verified: readonly VerifiedArchive[]) {
  return {
    sound: verified.every(({ problem }) => problem === undefined),
    archives: verified.map(({ archive: { id, boxName, owner }, problem = null }) => ({
      ...{ id, box: boxName, owner, sound: problem === null, problem },
    })),
  };
}
