import { DevboxError, hasCode } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { readSetup } from "../../core/syncthing-answers.ts";
import type { SyncthingSetup } from "../../core/syncthing.ts";
import { printableLines } from "../../core/text.ts";
import type { Deps } from "../deps.ts";
import { withLease } from "../lease.ts";
import { askSyncthing, noSyncthing, otherFailure, running, type RunningBox } from "./program.ts";

/** Seconds that Syncthing is given to answer: its first start makes keys and a database. */
const SETUP_SECONDS = 30;

/** Exit code of `services` for a service that is not in the image. */
const NO_SUCH_SERVICE = 4;

export interface EnableResult extends SyncthingSetup {
  readonly name: string;
}

/**
 * Turns Syncthing on in a running box, now and at every later start, and makes it ready to pair. FR-037
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, WRONG_STATE, NOT_READY, the ENGINE_ codes
 */
export async function enableSyncthing(deps: Deps, input: { readonly name: string }): Promise<EnableResult> {
  return withLease(deps, input.name, "syncthing enable", async (record) => {
    const box = await running(deps, record);
    deps.progress.begin("Syncthing turned on");
    await services(deps, box, "enable");
    deps.progress.done();
    return { name: box.name, ...(await setUpSyncthing(deps, box)) };
  });
}

/**
 * Turns Syncthing off. Its configuration, its identity and the files stay in the home.
 * @throws {DevboxError} as {@link enableSyncthing}
 */
export async function disableSyncthing(deps: Deps, input: { readonly name: string }): Promise<{ name: string }> {
  return withLease(deps, input.name, "syncthing disable", async (record) => {
    const box = await running(deps, record);
    await services(deps, box, "disable");
    return { name: box.name };
  });
}

/**
 * Waits until a Syncthing that is on answers, shares its folder and gives its interface a password, unless that was
 * done before. Safe to repeat; the caller holds the lease of the box.
 * @throws {DevboxError} NOT_READY with the last lines of its log, the ENGINE_ codes
 */
export async function setUpSyncthing(deps: Deps, box: RunningBox): Promise<SyncthingSetup> {
  deps.progress.begin("Syncthing ready to pair");
  try {
    const setup = readSetup(await askSyncthing(deps, box, ["setup", "--wait", String(SETUP_SECONDS)]));
    deps.progress.done();
    return setup;
  } catch (error) {
    if (!hasCode(error, "WRONG_STATE", "ENGINE_TIMEOUT")) throw error;
    // Not when the box itself has gone: then this throws what is to be said of that.
    const said = await lastLines(deps, box, error);
    throw new DevboxError("NOT_READY", `Syncthing did not become ready in ${box.name}.`, {
      why: said,
      next: [
        `devbox-ctl logs ${box.name} --tail 50`,
        `Its configuration is in /home/dev/.config/syncthing: devbox-ctl ssh ${box.name}`,
      ],
    });
  }
}

async function lastLines(deps: Deps, box: RunningBox, error: DevboxError): Promise<string> {
  const argv = [IMAGE.programs.services, "log", "syncthing", "5"];
  const log = await deps.engine.runProgram(box.containerId, { argv, user: "root" });
  if (log.exitCode !== 0) throw error;
  return printableLines(log.stdout.trim()) || (error.why ?? error.message);
}

async function services(deps: Deps, box: RunningBox, verb: "enable" | "disable"): Promise<void> {
  const argv = [IMAGE.programs.services, verb, "syncthing"];
  const result = await deps.engine.runProgram(box.containerId, { argv, user: "root" });
  if (result.exitCode === 0) return;
  if (result.exitCode === NO_SUCH_SERVICE) throw noSyncthing(box.name);
  throw await otherFailure(deps, box, result);
}
