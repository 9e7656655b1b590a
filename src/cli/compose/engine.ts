import { join } from "node:path";
import { createPodmanEngine } from "../../adapters/podman/engine.ts";
import type { Config } from "../../core/config/config.ts";
import { SECOND } from "../../core/time.ts";
import type { ContainerEngine, EngineBox } from "../../ports/engine.ts";
import { packageFile, runtimeFile } from "../paths.ts";
import { loadConfig, stateDirOf } from "./config.ts";

/** On an orchestrator containers belong to the service account's own systemd manager, whoever asked for them. */
function engineSocket({ engine, host }: Config): string | undefined {
  if (engine.socket !== null) return engine.socket;
  return host.serviceUser === null ? undefined : runtimeFile("podman/podman.sock");
}

export function createEngine(config: Config): ContainerEngine {
  const { path, runtime, namespace, timeout } = config.engine;
  const socket = engineSocket(config);
  const hook = {
    dir: join(stateDirOf(config), "hooks"),
    program: packageFile("containers/host/close-network"),
    blocked: config.isolation.blocked,
  };
  return createPodmanEngine({ path, timeout: timeout * SECOND, socket }, { namespace, runtime, hook });
}

/** The engine, with the listing that was asked for early as the answer to its first question. */
export function engineOf(config: Config): ContainerEngine {
  const engine = createEngine(config);
  const early = listing;
  listing = undefined;
  if (early === undefined) return engine;
  return { ...engine, boxes: () => early };
}

/** The engine under a namespace of its own, for boxes that are only tried. */
export function trialEngine(config: Config): { engine: ContainerEngine; namespace: string } {
  const namespace = `${config.engine.namespace}-check`;
  return { engine: createEngine({ ...config, engine: { ...config.engine, namespace } }), namespace };
}

let listing: Promise<EngineBox[]> | undefined;

/**
 * Asks the engine for its boxes before the rest of the program is loaded: both take some 40 ms, and so take them
 * at the same time. What goes wrong is told by the command, which asks for the listing later.
 */
export function prefetchListing(): void {
  listing = loadConfig(undefined).then(({ config }) => createEngine(config).boxes());
  listing.catch(() => undefined);
}
