import type { Via } from "./caller.ts";
import type { ProcessIdentity } from "./operation.ts";
import { redacted } from "./secret.ts";
import { printable } from "./text.ts";
import type { Millis } from "./time.ts";

/** The box that a command was about. Id and owner are unknown when nothing of that name was there. */
export interface AuditedBox {
  readonly name: string;
  readonly id: string | undefined;
  readonly owner: string | undefined;
}

/** What is written down when a command begins. */
export interface AuditBegin {
  readonly at: Millis;
  /** Who asked, and by which way. */
  readonly user: string;
  readonly via: Via;
  readonly address: string | undefined;
  /** Whether they are an administrator. */
  readonly admin: boolean;
  /** As it is typed, such as `volume remove`. */
  readonly command: string;
  readonly box: AuditedBox | undefined;
  /** What else is worth knowing, see {@link auditText}; never arguments that may be secret. */
  readonly what: string | undefined;
  /** The process that does it, so that one which was killed can be told from one at work. */
  readonly holder: ProcessIdentity;
}

/** What is written down when a command ends. */
export interface AuditEnd {
  readonly exitCode: number;
  /** Code of the error, such as `BOX_NOT_FOUND`. */
  readonly error: string | undefined;
  /** Milliseconds since it began. */
  readonly duration: number;
  /** The box, when there was none to be known at the beginning. */
  readonly box: AuditedBox | undefined;
}

export interface AuditRecord extends AuditBegin {
  /** Counts up over everyone's records. */
  readonly id: number;
  /** Undefined for a command that is at work, or was killed. */
  readonly end: Omit<AuditEnd, "box"> | undefined;
}

/** What is kept: so many records of each user, and nothing older. One user's flood drops nobody else's. */
export const AUDIT_KEPT = { perUser: 20_000, days: 400 } as const;

/** Longest detail that is kept, in characters. */
const TEXT_LIMIT = 200;

/** A caller's words as they may be kept and shown: without secrets of ours and control characters, and not endless. */
export function auditText(text: string): string {
  const clean = printable(redacted(text));
  return clean.length > TEXT_LIMIT ? `${clean.slice(0, TEXT_LIMIT)}…` : clean;
}

/**
 * The program of a command line, by its name alone: arguments may be secrets, and so may what stands before an equals
 * sign's value or after a blank in the first word.
 */
export function auditedProgram(command: readonly string[] | undefined): string | undefined {
  const [first = ""] = command ?? [];
  const word = first.trim().split(/\s/, 1)[0] ?? "";
  const name = word.slice(word.lastIndexOf("/") + 1);
  if (name === "") return undefined;
  return auditText(name.includes("=") ? `${name.slice(0, name.indexOf("="))}=…` : name);
}

/** Whether someone acted on what is another's; only administrators can. */
export function actedForOther({ admin, user, box }: Pick<AuditBegin, "admin" | "user" | "box">): boolean {
  return admin && box?.owner !== undefined && box.owner !== user;
}

/**
 * A record as a user who is no administrator may see it: of a box that was not theirs to use, they know the name that
 * they typed. Whether there is such a box must not be told by this either.
 */
export function seenBy(viewer: string, record: AuditRecord): AuditRecord {
  const { box } = record;
  if (box === undefined || box.owner === viewer || record.admin) return record;
  return { ...record, box: { name: box.name, id: undefined, owner: undefined } };
}
