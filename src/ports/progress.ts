/**
 * Where a use case tells what it is doing, as plain data; who shows it (a terminal, a log, nobody)
 * is not its concern.
 */
export interface Progress {
  /** A step begins, named as a person would say it when it is done: `Box created`. */
  begin(step: string): void;
  /** The step that began last is done. */
  done(detail?: string): void;
  /** Something that the user must know although nothing failed. */
  remark(text: string): void;
}
