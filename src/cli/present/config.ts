import type { ConfigSource } from "../../core/config/config.ts";
import { printable } from "../../core/text.ts";

/** `config show` for a person: YAML that could be a configuration file, sizes in bytes given a unit. */
export async function presentConfig({ config, file }: ConfigSource, stateDir: string): Promise<string> {
  const { formatYaml } = await import("../yaml.ts");
  const { limits } = config;
  const readable = {
    ...config,
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
