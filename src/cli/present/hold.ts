import { momentText, type Shown } from "../../core/lifecycle/moment-text.ts";
import type { HoldRecord } from "../../core/lifecycle/records.ts";
import { count } from "../../core/text.ts";
import { iso } from "../../core/time.ts";
import type { HoldResult } from "../../usecases/lifecycle/hold.ts";
import type { ReleaseResult } from "../../usecases/lifecycle/release.ts";

/** The end of `hold`. */
export function presentHold({ box, hold, changed }: HoldResult, { now, zone }: Shown): string {
  const until = `until ${momentText(hold.until, zone, now)} (${zone})`;
  if (changed) return `  ${box.name} is held ${until}: it is neither stopped nor destroyed by itself.`;
  return `  ${box.name} is held ${until} already, by ${hold.by}.\n    For less: devbox-ctl release ${box.name}, and hold it anew`;
}

/** The end of `release`. */
export function presentRelease({ box, released, left }: ReleaseResult, { now, zone }: Shown): string {
  const commands = released.filter(({ holder }) => holder !== undefined).length;
  const lines = [
    released.length === 0
      ? `  ${box.name} was held by no command of devbox-ctl.`
      : `  ${box.name} is not held any more${released.length === 1 ? "" : ` (${count(released.length, "hold")} ended)`}.`,
  ];
  if (commands > 0)
    lines.push(`    ${count(commands, "command")} of hold --while ${commands === 1 ? "goes" : "go"} on.`);
  if (left !== undefined) {
    lines.push(
      `  ! It is still held until ${momentText(left.until, zone, now)} by ${left.by} in it.`,
      `    Remove that in the box: devbox-ctl ssh ${box.name}`,
    );
  }
  return lines.join("\n");
}

/** What JSON says of a hold. */
function holdJson(hold: HoldRecord) {
  return { until: iso(hold.until), by: hold.by, reason: hold.reason, ofCommand: hold.holder !== undefined };
}

/** `hold --json`; its schema is docs/json/hold.schema.json. */
export function heldJson({ box, hold, changed }: HoldResult) {
  return { name: box.name, hold: holdJson(hold), changed };
}

/** `release --json`; its schema is docs/json/release.schema.json. */
export function releasedJson({ box, released, left }: ReleaseResult) {
  return {
    name: box.name,
    released: released.map((hold) => holdJson(hold)),
    left: left === undefined ? null : { until: iso(left.until), by: left.by },
    changed: released.length > 0,
  };
}
