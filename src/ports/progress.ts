/**
 * Where a use case tells what it is doing, as plain data; who shows it (a terminal, a log, nobody)
 * is not its concern.
 */
export interface Progress {
  /**
   * A step begins, named as a person would say it when it is done: `Box created`.
   * What begins while one is under way is a part of it, said as it happens: `making the Debian base`.
   */
  begin(step: string): void;
  /** The step is done, with all its parts. */
  done(detail?: string): void;
  /** The step could not be done, and what comes after it goes on; the reason is told at the end. */
  failed(): void;
  /** Something that the user must know although nothing failed. */
  remark(text: string): void;
}
