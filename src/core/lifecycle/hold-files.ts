import type { Millis } from "../time.ts";
import type { Hold } from "./facts.ts";
import { FORGOTTEN, keyOf, type Look, type Sample } from "./sample.ts";
import { NOTHING, type Finding, type Weighing } from "./signals.ts";

/**
 * Files by which a box holds itself. None lasts longer than `maxHold`, counted from when the file was written; where
 * that is not known, or lies ahead, from when it was first seen.
 * @param elapsed milliseconds since the newest look that was kept
 */
export function holdFiles(
  weighing: Weighing,
  maxHold: Millis,
  kept: Sample | undefined,
  elapsed: Millis,
): Finding & Pick<Look, "holds"> & { readonly hold: Hold | undefined } {
  const { activity, age, now } = weighing;
  const known = new Map((kept?.looks[0]?.holds ?? []).map(([path, seen]) => [path, seen + elapsed]));
  const found = activity.holds.slice(0, 2).map(({ path, since, until }) => {
    const seen = Math.min(known.get(keyOf(path)) ?? 0, FORGOTTEN);
    const lasts = now - (since === null ? seen : age(since)) + maxHold;
    const named = until === null ? lasts : now + until - activity.now;
    return { path, seen, until: Math.min(lasts, named) };
  });
  const [longest] = found.toSorted((a, b) => b.until - a.until);
  const holds = found.map(({ path, seen }): [string, Millis] => [keyOf(path), seen]);
  if (!weighing.config.signals.hold || longest === undefined) return { ...NOTHING, holds, hold: undefined };
  const { path, until } = longest;
  const words = `the file ${path} ${until > now ? "holds" : "held"} it`;
  // Once it is over, the box is idle from its end on.
  const signals = [{ kind: "hold", at: Math.min(now, until), by: "hold file", words } as const];
  const hold = until > now ? { until, by: `the file ${path}`, reason: "" } : undefined;
  return { signals, holds, hold };
}
