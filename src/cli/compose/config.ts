import { resolve } from "node:path";
import { readConfigText } from "../../adapters/system/files.ts";
import type { Config, ConfigSource } from "../../core/config/config.ts";
import { DEFAULTS } from "../../core/config/defaults.ts";
import { flagMeansNothing } from "../../core/gate/commands.ts";
import { orchestratorDir } from "../../core/host/places.ts";
import { sideOfBoundary } from "../boundary/crossing.ts";
import { keepConfig, keptConfig } from "../config-cache.ts";
import { noSuchConfig } from "../no-such-config.ts";
import { configFiles, defaultStateDir, HOST_CONFIG } from "../paths.ts";

/**
 * The configuration in force: the file that `--config` or DEVBOX_CONFIG names, else the first that exists, else none.
 * @throws {DevboxError} INVALID_CONFIG
 */
export async function loadConfig(named: string | undefined): Promise<ConfigSource> {
  if (sideOfBoundary()?.side === "account") return hostConfig(named);
  const chosen = named ?? process.env.DEVBOX_CONFIG;
  if (chosen !== undefined && chosen !== "") {
    const file = resolve(chosen);
    const text = readConfigText(file);
    if (text === undefined) throw noSuchConfig(file, named === undefined ? "DEVBOX_CONFIG" : "--config");
    return { config: await parseConfig(text, file), file };
  }
  for (const file of configFiles()) {
    const text = readConfigText(file);
    if (text !== undefined) return { config: await parseConfig(text, file), file };
  }
  return { config: DEFAULTS, file: undefined };
}

/**
 * The one configuration of an orchestrator. Another would name another engine, a program that the account then starts, so
 * it is refused here too, whatever way it found past the judging of words.
 * @throws {DevboxError} NOT_PERMITTED, INVALID_CONFIG
 */
async function hostConfig(named: string | undefined): Promise<ConfigSource> {
  if (named !== undefined) throw flagMeansNothing("--config");
  const text = readConfigText(HOST_CONFIG);
  if (text === undefined) throw noSuchConfig(HOST_CONFIG, "host setup");
  return { config: await parseConfig(text, HOST_CONFIG), file: HOST_CONFIG };
}

/** A configuration's text, checked. YAML and the schema are loaded only for a text that is new. */
export async function parseConfig(text: string, file: string): Promise<Config> {
  const kept = keptConfig(text);
  if (kept) return kept;
  const [{ parseYaml }, { readConfig }] = await Promise.all([
    import("../yaml.ts"),
    import("../../core/config/read.ts"),
  ]);
  const config = readConfig(parseYaml(text, file), file);
  keepConfig(text, config);
  return config;
}

/** The document behind a configuration, as it was written; undefined for the defaults. @throws {DevboxError} INVALID_CONFIG */
export async function configDocument({ file }: ConfigSource): Promise<unknown> {
  const text = file === undefined ? undefined : readConfigText(file);
  if (file === undefined || text === undefined) return undefined;
  const { parseYaml } = await import("../yaml.ts");
  return parseYaml(text, file);
}

/** Makes a configuration file's text of a document. */
export async function yamlFormat(): Promise<(document: unknown) => string> {
  const { formatYaml } = await import("../yaml.ts");
  return formatYaml;
}

/** Directory of the ledger. */
export function stateDirOf(config: Config): string {
  const { serviceUser } = config.host;
  return serviceUser === null ? (config.state.dir ?? defaultStateDir()) : orchestratorDir(config, serviceUser);
}
