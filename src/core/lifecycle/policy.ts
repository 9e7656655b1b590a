import type { Config } from "../config/config.ts";
import type { Bounds } from "../config/lifecycle-config.ts";
import type { Millis } from "../time.ts";
import type { LifecyclePolicy } from "./facts.ts";
import type { BoxPolicy } from "./records.ts";

/**
 * How long things take for one box: its own policy goes before its user's, and that before the host's. What the box's
 * owner chose is brought within the administrators' bounds whenever it is used, because bounds may have become narrower.
 * What administrators wrote down for a user or the host is not.
 * @param own what was chosen for the box; undefined when nothing was
 */
export function policyFor(
  { lifecycle, users }: Pick<Config, "lifecycle" | "users">,
  owner: string,
  own: BoxPolicy | undefined,
): LifecyclePolicy {
  const user = users[owner]?.lifecycle;
  const spanOf = (key: keyof BoxPolicy): Millis | null => {
    const chosen = own?.[key];
    if (chosen !== undefined) return within(lifecycle.bounds[key], chosen);
    const usual = user?.[key];
    return usual === undefined ? lifecycle[key] : usual;
  };
  return {
    stopAfterIdle: spanOf("stopAfterIdle"),
    destroyAfterStopped: spanOf("destroyAfterStopped"),
    notice: lifecycle.notice,
    reminder: lifecycle.reminder,
  };
}

/** The nearest that owners may choose; `never` only where there is no end. */
export function within({ min, max }: Bounds, span: Millis | null): Millis | null {
  if (span === null) return max;
  const least = Math.max(span, min);
  return max === null ? least : Math.min(least, max);
}
