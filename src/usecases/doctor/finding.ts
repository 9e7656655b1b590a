/** How one check went. `remark`: worth knowing, nothing is broken. `fixed`: was a problem until just now. */
type FindingStatus = "pass" | "remark" | "problem" | "fixed";

/** One line of the doctor's report. */
export interface Finding {
  /**
   * What was looked at: `engine`, `image`, `ledger`, `operations`, `boxes`, `services`, `host`, `limits`, `secrets`,
   * `tailnet`, `archives`, `reaper`, `notices`.
   */
  readonly check: string;
  readonly status: FindingStatus;
  readonly text: string;
  /** What to do about it. */
  readonly next?: readonly string[];
}
