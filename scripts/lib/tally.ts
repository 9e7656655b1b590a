/** What a run of checks and tests came to. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** Files that were not begun because the time was used up; they count as skipped. */
  cut?: number;
}

export const emptyTally = (): Tally => ({ passed: 0, failed: 0, skipped: 0 });

export function add(to: Tally, more: Tally): void {
  to.passed += more.passed;
  to.failed += more.failed;
  to.skipped += more.skipped;
}

/** The line that ends every run, alone on its line. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  const counted = `${String(passed)} passed, ${String(failed)} failed`;
  return skipped > 0 ? `${counted}, ${String(skipped)} skipped` : counted;
}

/** Milliseconds as a person reads them. */
export function duration(ms: number): string {
  if (ms < 100) return `${ms.toFixed(0)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}
