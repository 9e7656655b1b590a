import type { ConfigSource, UserConfig } from "../../core/config/config.ts";
import type { Bounds, LifecycleConfig } from "../../core/config/lifecycle-config.ts";
import { printable } from "../../core/text.ts";
import { type Millis, spanText } from "../../core/time.ts";

/** `config show` for a person: YAML that could be a configuration file, sizes in bytes given a unit. */
export async function presentConfig({ config, file }: ConfigSource, stateDir: string): Promise<string> {
  const { formatYaml } = await import("../yaml.ts");
  const { limits } = config;
  const readable = {
    ...config,
    lifecycle: readableLifecycle(config.lifecycle),
    users: Object.fromEntries(Object.entries(config.users).map(([name, user]) => [name, readableUser(user)])),
    limits: {
      ...limits,
      memory: inBinaryUnits(limits.memory),
      maxMemory: inBinaryUnits(limits.maxMemory),
      reserve: { memory: inBinaryUnits(limits.reserve.memory), disk: inBinaryUnits(limits.reserve.disk) },
    },
  };
  const from = file === undefined ? "# no configuration file: these are the defaults" : `# from ${printable(file)}`;
  return `${from}\n# the ledger is in ${printable(stateDir)}\n${formatYaml(readable)}`;
}

const NEVER = "never";
const orNever = (span: Millis | null) => (span === null ? NEVER : spanText(span));
const bounds = ({ min, max }: Bounds) => ({ min: spanText(min), max: orNever(max) });
const size = (bytes: number | null) => (bytes === null ? null : inBinaryUnits(bytes));

function readableLifecycle(lifecycle: LifecycleConfig) {
  const { activity, archive } = lifecycle;
  return {
    ...lifecycle,
    stopAfterIdle: orNever(lifecycle.stopAfterIdle),
    destroyAfterStopped: orNever(lifecycle.destroyAfterStopped),
    notice: spanText(lifecycle.notice),
    reminder: orNever(lifecycle.reminder),
    bounds: {
      stopAfterIdle: bounds(lifecycle.bounds.stopAfterIdle),
      destroyAfterStopped: bounds(lifecycle.bounds.destroyAfterStopped),
    },
    maxHold: spanText(lifecycle.maxHold),
    grace: spanText(lifecycle.grace),
    activity: { ...activity, connection: spanText(activity.connection), agent: spanText(activity.agent) },
    archive: { ...archive, keep: orNever(archive.keep), quota: size(archive.quota), perUser: size(archive.perUser) },
  };
}

function readableUser({ lifecycle, ...user }: UserConfig) {
  if (lifecycle === undefined) return user;
  const { stopAfterIdle: stop, destroyAfterStopped: destroy } = lifecycle;
  return {
    ...user,
    lifecycle: {
      ...(stop === undefined ? {} : { stopAfterIdle: orNever(stop) }),
      ...(destroy === undefined ? {} : { destroyAfterStopped: orNever(destroy) }),
    },
  };
}

/** Bytes in the largest unit that loses nothing: 4294967296 is `4GiB`. */
function inBinaryUnits(bytes: number): string {
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = "B";
  for (const next of units) {
    if (value % 1024 !== 0) break;
    value /= 1024;
    unit = next;
  }
  return unit === "B" ? `${String(bytes / 1024)}KiB` : `${String(value)}${unit}`;
}
