import { spawnSync } from "node:child_process";
import { userInfo } from "node:os";
import path from "node:path";
import process from "node:process";
import { createEngine } from "../../../src/cli/compose/engine.ts";
import { createArchiveStore } from "../../../src/adapters/archive/store.ts";
import { openLedger } from "../../../src/adapters/sqlite/ledger.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import { createHost } from "../../../src/adapters/system/host.ts";
import { silentProgress } from "../../../src/cli/progress.ts";
import type { Config } from "../../../src/core/config/config.ts";
import { readConfig } from "../../../src/core/config/read.ts";
import { LABEL } from "../../../src/core/labels.ts";
import type { Deps } from "../../../src/usecases/deps.ts";
import { podman } from "../../../test/support/podman.ts";
import setup from "../../../test/support/global-setup.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");

/** Says on standard error what is being done; figures go to standard output. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/**
 * Builds the program, makes the machine ready, and runs a measurement. Whatever it made in Podman is removed
 * afterwards, after an error and after Ctrl-C too.
 */
export async function onBench(measure: (interrupt: AbortSignal) => Promise<void>): Promise<void> {
  process.chdir(ROOT);
  const built = spawnSync(process.execPath, ["scripts/build.ts"], { stdio: "inherit" });
  if (built.status !== 0) throw new Error("the program does not build");
  const controller = new AbortController();
  const stop = (): void => {
    if (!controller.signal.aborted) say("stopping, and removing what was made …");
    controller.abort(new Error("interrupted"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  const cleanUp = await setup();
  try {
    await measure(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    await cleanUp();
  }
}

/** Removes all boxes of one namespace in two calls of Podman; removing hundreds one by one takes a minute. */
export async function removeNamespace(namespace: string): Promise<void> {
  const filter = ["--filter", `label=${LABEL.namespace}=${namespace}`];
  await podman(["rm", "--force", "--time", "0", ...filter]);
  const { stdout } = await podman(["volume", "ls", "--quiet", ...filter]);
  const volumes = stdout.split("\n").filter((name) => name !== "");
  if (volumes.length > 0) await podman(["volume", "rm", "--force", ...volumes]);
}

export interface Parts {
  readonly stateDir: string;
  /** As in a configuration file, with `engine.namespace`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A document as it would be read from a configuration file, defaults filled in. */
const configOf = (document: Readonly<Record<string, unknown>>): Config => readConfig(document, "the bench");

/** The use cases' surroundings, on the real Podman and the real ledger of a state directory. */
export function realDeps({ stateDir, config }: Parts): Deps {
  const full = configOf({ ...config, state: { dir: stateDir } });
  const host = createHost(systemClock);
  const { username, uid } = userInfo();
  return {
    engine: createEngine(full),
    ledger: openLedger({ stateDir, config: full, isAlive: (holder) => host.isAlive(holder) }),
    clock: systemClock,
    host,
    config: full,
    caller: { user: username, uid, admin: false, via: "local" as const },
    progress: silentProgress,
    secrets: () => Promise.reject(new Error("the benches have no keys")),
    accounts: { isAdministrator: () => false },
    channels: () => Promise.resolve([]),
    archives: () => Promise.resolve(createArchiveStore("/nonexistent")),
    systemJournal: () => Promise.resolve(undefined),
    tailnet: () => Promise.resolve(undefined),
    interrupt: new AbortController().signal,
  };
}
