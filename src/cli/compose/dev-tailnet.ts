import { dirname, join, resolve } from "node:path";
import { callerFromProcess } from "../../adapters/system/caller.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { readConfigText } from "../../adapters/system/files.ts";
import { createHost } from "../../adapters/system/host.ts";
import type { Config, ConfigSource } from "../../core/config/config.ts";
import type { DevTailnetPlaces } from "../../ports/dev-tailnet.ts";
import type { Progress } from "../../ports/progress.ts";
import type { DevTailnetDeps } from "../../usecases/dev-tailnet/deps.ts";
import { packageFile } from "../paths.ts";
import { configDocument, loadConfig, stateDirOf, yamlFormat } from "./config.ts";
import { ledgerOf } from "./ledger.ts";
import { tailnet } from "./stores.ts";

const devTailnetDir = (config: Config): string => join(stateDirOf(config), "tailnet-dev");

/**
 * The configuration in force for a tailnet of one's own. DEVBOX_CONFIG may still name the file that it made and that
 * went with it; then it is as if it named none.
 * @throws {DevboxError} INVALID_CONFIG
 */
export async function devTailnetSource(named: string | undefined): Promise<ConfigSource> {
  const chosen = process.env.DEVBOX_CONFIG ?? "";
  if (named === undefined && chosen !== "" && readConfigText(resolve(chosen)) === undefined) {
    const source = await loadConfig("");
    const { placesIn } = await import("../../adapters/dev-tailnet/kept.ts");
    if (resolve(chosen) === placesIn(devTailnetDir(source.config), "").config) return source;
  }
  return loadConfig(named);
}

/** What a tailnet of one's own takes; loaded only for its commands. */
export async function devTailnetDeps(
  { config, file }: ConfigSource,
  progress: Progress,
  interrupt: AbortSignal,
): Promise<DevTailnetDeps> {
  const { createDevTailnet } = await import("../../adapters/dev-tailnet/dev-tailnet.ts");
  const { isDevTailnetConfig } = await import("../../adapters/dev-tailnet/kept.ts");
  const host = createHost(systemClock);
  const usual = devTailnetDir(config);
  // The configuration that it made may name another state directory than the one in which it is itself.
  const dir = file !== undefined && isDevTailnetConfig(file) ? dirname(file) : usual;
  const tailnet = createDevTailnet({
    dir,
    scripts: packageFile("containers/headscale"),
    clock: systemClock,
    isAlive: (process) => host.isAlive(process),
  });
  return { tailnet, clock: systemClock, caller: callerFromProcess(), progress, interrupt };
}

/** What the ledger of a tailnet of one's own knows of it; undefined when it has no configuration file. */
export async function rememberedOf({ config: file, stateDir }: DevTailnetPlaces) {
  if (readConfigText(file) === undefined) return undefined;
  const source = await loadConfig(file);
  const plane = await tailnet(source.config);
  if (plane === undefined) return undefined;
  const isApart = source.config.state.dir === stateDir;
  const apart = isApart ? { document: await configDocument(source), format: await yamlFormat() } : undefined;
  return { ledger: ledgerOf(source.config), control: plane.control, apart };
}
