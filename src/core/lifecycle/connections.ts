import type { Activity } from "../activity.ts";
import { MINUTE, type Millis } from "../time.ts";
import { FORGOTTEN, keyOf, type Look } from "./sample.ts";
import { lasting, together, type Finding, type Weighing } from "./signals.ts";

/** Bytes a minute that come by one connection of an editor's tab that nobody touches; 1.1 kB were measured. */
const IDLE_BYTES = 2 * 1024;
/** Bytes that a connection brings at once when it is made again by itself. */
const NEW_BYTES = 64 * 1024;

type Connection = Activity["connections"][number];

/**
 * Connections to what listens in the box, by service. Real traffic is use; one that is open and says no more than an
 * idle tab does counts for a span after it. Being made again is no use: laptops that wake up do that.
 */
export function connectionSignals(weighing: Weighing): Finding & Pick<Look, "connections" | "silent"> {
  const { activity, base } = weighing;
  // Programs in the box talk to each other: from there it is a person's through a forwarded port alone.
  const isForwarded = activity.sessions.some(({ kind }) => kind === "forward");
  const meant = activity.connections.filter(({ from }) => from !== "dev" || isForwarded);
  const services = [...Map.groupBy(meant, ({ kind, port, from }) => keyOf(kind, port, from))];
  const before = new Map((base.look?.silent ?? []).map(([key, silence]) => [key, silence + base.window]));
  const found = services.map(([key, connections]) => ({ key, ...serviceNow(weighing, connections, before.get(key)) }));
  const now = new Set(found.map(({ key }) => key));
  const gone = [...before].filter(([key, silence]) => !now.has(key) && silence < FORGOTTEN);
  return {
    ...together(found.map(({ finding }) => finding)),
    connections: meant
      .flatMap(({ id, bytesIn }) => (bytesIn === null ? [] : [[keyOf(id), bytesIn] as const]))
      .map(([id, bytes]) => [id, bytes]),
    silent: [...found.map(({ key, silence }): [string, Millis] => [key, silence]), ...gone],
  };
}

/** @param known milliseconds that nothing real had come by this service until now; undefined for a new one */
function serviceNow(weighing: Weighing, connections: readonly Connection[], known: Millis | undefined) {
  const { config } = weighing;
  const [first] = connections;
  const by = first === undefined || first.kind === "tcp" ? `port ${String(first?.port ?? 0)}` : first.kind;
  const isReal = brings(weighing, connections);
  const silence = isReal ? 0 : (known ?? 0);
  // Machines that share a folder stay connected with nobody there.
  const span = first?.kind === "syncthing" ? 0 : config.connection;
  const words = isReal ? `${by} is being used` : `a connection to ${by} is open`;
  const sign = { kind: "connection", by, words } as const;
  if (isReal) return { silence, finding: lasting(weighing, 0, Math.max(span, 1), sign) };
  if (span === 0) return { silence, finding: { signals: [] } };
  const finding: Finding = lasting(weighing, silence, span, sign);
  const isBlind = finding.inUse === undefined && connections.some(({ bytesIn }) => bytesIn === null);
  return { silence, finding: isBlind ? { ...finding, problem: `the traffic of ${by} is not known` } : finding };
}

/** Whether more has come by some connections since the last look than what comes by itself. */
function brings({ base }: Weighing, connections: readonly Connection[]): boolean {
  const before = new Map(base.look?.connections);
  let grown = 0;
  let isNew = false;
  for (const { id, bytesIn } of connections) {
    const then = before.get(keyOf(id));
    isNew ||= then === undefined;
    grown += Math.max(0, (bytesIn ?? 0) - (then ?? 0));
  }
  const idle = (IDLE_BYTES * connections.length * base.window) / MINUTE;
  return grown > idle + (isNew ? NEW_BYTES : 0);
}
