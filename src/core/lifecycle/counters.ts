import type { Activity } from "../activity.ts";
import { formatSize } from "../size.ts";
import { MINUTE, roughly, SECOND } from "../time.ts";
import type { Look } from "./sample.ts";
import { NOTHING, type Finding, type Weighing } from "./signals.ts";

/** What the engine counts of a box from outside, since the box was started; the port's, in the words of core. */
export interface Counters {
  readonly cpuSeconds: number | undefined;
  readonly networkBytes: number | undefined;
}

/** As the next look needs them. */
export const countersNow = (cpu: Activity["cpu"], counters: Counters | undefined): Pick<Look, "cpu" | "network"> => ({
  cpu: { engine: counters?.cpuSeconds ?? null, box: cpu?.seconds ?? null, source: cpu?.source.slice(0, 100) ?? "" },
  network: counters?.networkBytes ?? null,
});

const START = { cpu: { engine: 0, box: 0, source: undefined }, network: 0 };

/** CPU time of the whole box, on average since the last look: what works there works for somebody. */
export function cpuSignal(weighing: Weighing, { cpu }: Pick<Look, "cpu">): Finding {
  const { base, config, now } = weighing;
  const before = base.look?.cpu ?? START.cpu;
  const isSame = before.source === undefined || before.source === cpu.source;
  const known = [difference(cpu.engine, before.engine), isSame ? difference(cpu.box, before.box) : undefined];
  // An engine that counts nothing for want of a cgroup must not make a busy box idle.
  const grown = Math.max(...known.flatMap((seconds) => seconds ?? []));
  if (grown === -Infinity) return { signals: [], problem: "how much CPU time it used is not known" };
  const percent = (100 * grown * SECOND) / Math.max(base.window, SECOND);
  if (percent < config.cpuPercent) return NOTHING;
  const used = percent < 10 ? percent.toFixed(1) : percent.toFixed(0);
  const words = `its programs used ${used} % of a core over the last ${roughly(base.window)}`;
  return { signals: [{ kind: "cpu", at: now, by: "cpu", words }], inUse: words };
}

/** Bytes over the network, on average since the last look. Where the engine does not count them, connections do. */
export function networkSignal(weighing: Weighing, { network }: Pick<Look, "network">): Finding {
  const { base, config, now } = weighing;
  const grown = difference(network, base.look === undefined ? START.network : base.look.network);
  if (grown === undefined) return NOTHING;
  if ((grown * MINUTE) / Math.max(base.window, SECOND) < config.networkBytes) return NOTHING;
  const words = `${formatSize(grown)} came and went over the network in the last ${roughly(base.window)}`;
  return { signals: [{ kind: "network", at: now, by: "network", words }], inUse: words };
}

/** Undefined when one is not known, or when it shrank: then it is another counter, and says nothing. */
function difference(after: number | null, before: number | null): number | undefined {
  return after === null || before === null || after < before ? undefined : after - before;
}
