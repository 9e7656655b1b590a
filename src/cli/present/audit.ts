import { took } from "../../core/time.ts";
import type { AuditLine } from "../../usecases/audit/audit.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";

/** `audit` for a person. */
export function presentAudit(style: Style, lines: readonly AuditLine[]): string {
  if (lines.length === 0) return "  Nothing that you may see is written down.";
  const newest = new Map(lines.flatMap(({ box }) => (box?.id === undefined ? [] : [[box.name, box.id] as const])));
  const rows = lines.map((line) => [
    jsonTime(line.at) ?? "-",
    line.forOther ? `${line.user} (for ${line.box?.owner ?? "another"})` : line.user,
    line.address === undefined ? line.via : `${line.via} ${line.address}`,
    line.what === undefined ? line.command : `${line.command} ${line.what}`,
    boxOf(line, newest),
    outcome(line),
    line.end === undefined ? "-" : took(line.end.duration),
  ]);
  return table(style, ["TIME", "WHO", "VIA", "WHAT", "BOX", "OUTCOME", "TOOK"], rows);
}

/** One of another id than the last of its name was another box: the name was given anew. */
function boxOf({ box }: AuditLine, newest: ReadonlyMap<string, string>): string {
  if (box === undefined) return "-";
  return box.id === undefined || box.id === newest.get(box.name) ? box.name : `${box.name} (earlier, ${box.id})`;
}

function outcome({ state, end }: AuditLine): string {
  if (end === undefined) return state === "running" ? "still running" : "not ended (killed)";
  if (end.error !== undefined) return end.error;
  return end.exitCode === 0 ? "done" : `exit ${String(end.exitCode)}`;
}

/** `audit --json`; its schema is docs/json/audit.schema.json. */
export function auditJson(lines: readonly AuditLine[], showNumbers: boolean) {
  return {
    records: lines.map((line) => ({
      // They count what everybody does, which is not everybody's to know.
      record: showNumbers ? line.id : null,
      at: jsonTime(line.at) ?? "",
      user: line.user,
      via: line.via,
      address: orNull(line.address),
      administrator: line.admin,
      forOther: line.forOther,
      command: line.command,
      what: orNull(line.what),
      box: line.box ? { name: line.box.name, id: orNull(line.box.id), owner: orNull(line.box.owner) } : null,
      state: line.state,
      exitCode: orNull(line.end?.exitCode),
      error: orNull(line.end?.error),
      durationMs: orNull(line.end?.duration),
    })),
  };
}
