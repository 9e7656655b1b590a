import type { AuditBegin, AuditedBox, AuditEnd } from "../core/audit.ts";

/** What goes to the journal of the system, beside the ledger. */
export type JournalEntry = { readonly record: number; readonly event: "begin" } & AuditBegin;
export type JournalEnd = {
  readonly record: number;
  readonly event: "end";
  readonly user: string;
  readonly command: string;
  readonly box: AuditedBox | undefined;
} & Omit<AuditEnd, "box">;

/** The system's own log, which outlives the ledger. Where there is none, nothing happens; it never fails. */
export interface SystemJournal {
  write(entry: JournalEntry | JournalEnd): void;
  /** Waits until all is handed over, or shortly. */
  flush(): Promise<void>;
}
