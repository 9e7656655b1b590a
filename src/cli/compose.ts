import { dirname, join, resolve } from "node:path";
import { createPodmanEngine } from "../adapters/podman/engine.ts";
import { openLedger } from "../adapters/sqlite/ledger.ts";
import { setAside } from "../adapters/sqlite/open.ts";
import { findAccount, isInOneOf } from "../adapters/system/accounts.ts";
import { callerByKey, callerBySudo, callerFromProcess, callerIsAccount } from "../adapters/system/caller.ts";
import { systemClock } from "../adapters/system/clock.ts";
import { readConfigText, requireFile } from "../adapters/system/files.ts";
import { createHost } from "../adapters/system/host.ts";
import type { Caller } from "../core/caller.ts";
import type { Config, ConfigSource } from "../core/config/config.ts";
import { DEFAULTS } from "../core/config/defaults.ts";
import { orchestratorDir } from "../core/host/places.ts";
import type { Boundary } from "../core/gate/boundary-file.ts";
import { SECOND } from "../core/time.ts";
import type { BoxTransfers } from "../ports/box-transfers.ts";
import type { DevTailnetPlaces } from "../ports/dev-tailnet.ts";
import type { Accounts } from "../ports/accounts.ts";
import type { AuthorizedKeys } from "../ports/authorized-keys.ts";
import type { ContainerEngine, EngineBox } from "../ports/engine.ts";
import type { Forwarder } from "../ports/forwarder.ts";
import type { ImageBuilder } from "../ports/image-builder.ts";
import type { Ledger } from "../ports/ledger.ts";
import type { LocalFiles } from "../ports/local-files.ts";
import type { Progress } from "../ports/progress.ts";
import type { SecretStore } from "../ports/secret-store.ts";
import type { SystemJournal } from "../ports/system-journal.ts";
import type { Tailnet } from "../ports/tailnet.ts";
import type { AuditDeps } from "../usecases/audit/record.ts";
import type { Deps } from "../usecases/deps.ts";
import type { DevTailnetDeps } from "../usecases/dev-tailnet/deps.ts";
import type { HostDeps } from "../usecases/host/deps.ts";
import type { DoctorDeps } from "../usecases/doctor/doctor.ts";
import { flagMeansNothing } from "../core/gate/commands.ts";
import { sideOfBoundary } from "./boundary/crossing.ts";
import { keepConfig, keptConfig } from "./config-cache.ts";
import { noSuchConfig } from "./no-such-config.ts";
import { cacheDir, configFiles, HOST_CONFIG, defaultStateDir, packageFile, runtimeFile } from "./paths.ts";
import { takeServiceToken } from "./service-token.ts";

export { ownKeyTexts } from "../adapters/system/own-keys.ts";

/** Where everything is put together; the only file outside the adapters that knows them. */

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
async function parseConfig(text: string, file: string): Promise<Config> {
  const kept = keptConfig(text);
  if (kept) return kept;
  const [{ parseYaml }, { readConfig }] = await Promise.all([import("./yaml.ts"), import("../core/config/read.ts")]);
  const config = readConfig(parseYaml(text, file), file);
  keepConfig(text, config);
  return config;
}

/** Directory of the ledger. */
export function stateDirOf(config: Config): string {
  const { serviceUser } = config.host;
  return serviceUser === null ? (config.state.dir ?? defaultStateDir()) : orchestratorDir(config, serviceUser);
}

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
function engineOf(config: Config): ContainerEngine {
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

/** @throws {DevboxError} STATE_UNWRITABLE, HOST_DISK, LEDGER_CORRUPT, LEDGER_NEWER, BUSY */
export function ledgerOf(config: Config): Ledger {
  const host = createHost(systemClock);
  return openLedger({ stateDir: stateDirOf(config), config, isAlive: (holder) => host.isAlive(holder) });
}

/** The builder of the box image; its scripts lie in the package, beside the program. */
export async function imageBuilder(): Promise<ImageBuilder> {
  const { createDebianBuilder } = await import("../adapters/image/debian.ts");
  return createDebianBuilder({ scripts: packageFile("containers/box/debian"), cache: join(cacheDir(), "images") });
}

export const clock = systemClock;

/** The caller's own files, for what copies; loaded only then. */
export async function localFiles(): Promise<LocalFiles> {
  const { createLocalFiles } = await import("../adapters/files/files.ts");
  return createLocalFiles();
}

/** This machine's loopback, for what forwards ports; loaded only then. */
export async function forwarder(): Promise<Forwarder> {
  const { createForwarder } = await import("../adapters/forward/forwarder.ts");
  return createForwarder();
}

/** The file of keys by which users come to the service account; loaded only for what is about users. */
export async function authorizedKeys(config: Config): Promise<AuthorizedKeys> {
  const { createAuthorizedKeys } = await import("../adapters/authorized-keys/file.ts");
  // The path by which it is called: the package itself may lie in a directory that goes with the next upgrade.
  const program = sideOfBoundary()?.boundary.program ?? packageFile("bin/devbox-ctl");
  return createAuthorizedKeys(join(stateDirOf(config), "authorized_keys"), program);
}

/** The accounts of this machine, with whom the configuration makes administrators. */
export function accounts({ host }: Config): Accounts {
  return {
    exists: (name) => findAccount(name) !== undefined,
    isAdministrator: (name) => {
      const account = findAccount(name);
      return account?.uid === 0 || isInOneOf(host.adminGroups, name, account);
    },
  };
}

/** The system's log, for what is done on behalf of others; none where everybody runs their own boxes. */
export async function systemJournal({ caller }: Pick<Deps, "caller">): Promise<SystemJournal | undefined> {
  if (caller.via === "local") return undefined;
  return (await import("../adapters/journal/journal.ts")).createJournal();
}

/** Where auth keys are; loaded only when it is asked for. */
async function secretStore({ secrets }: Config): Promise<SecretStore> {
  const { provider, dir, vault, tokenFile, op } = secrets;
  const { readPrivateFile: read, refuseExposed } = await import("../adapters/system/private-file.ts");
  if (provider === "none" || provider === "file") {
    const { createKeyFiles, noSecrets } = await import("../adapters/key-files/key-files.ts");
    return provider === "none" || dir === null ? noSecrets : createKeyFiles({ dir, read, refuseExposed });
  }
  const [{ createOnePassword }, { createOpReader }, { createSdkReader }] = await Promise.all([
    import("../adapters/onepassword/store.ts"),
    import("../adapters/onepassword/cli.ts"),
    import("../adapters/onepassword/sdk.ts"),
  ]);
  const token = { environment: takeServiceToken(), credentials: process.env.CREDENTIALS_DIRECTORY, tokenFile, read };
  const reader = provider === "op-cli" ? createOpReader(op) : createSdkReader(packageFile("dist/onepassword.cjs"));
  return createOnePassword({ vault, timeout: secrets.timeout * SECOND, token, reader, clock: systemClock });
}

/** The control plane of the tailnet that boxes join; loaded only when it is asked for something. */
async function tailnet(config: Config): Promise<Tailnet | undefined> {
  if (config.tailnet.provider === "none") return undefined;
  const [{ createTailnet }, { readPrivateFile: read }] = await Promise.all([
    import("../adapters/tailnet/tailnet.ts"),
    import("../adapters/system/private-file.ts"),
  ]);
  return createTailnet(config.tailnet, { clock: systemClock, read, credentials: process.env.CREDENTIALS_DIRECTORY });
}

/** The document behind a configuration, as it was written; undefined for the defaults. @throws {DevboxError} INVALID_CONFIG */
export async function configDocument({ file }: ConfigSource): Promise<unknown> {
  const text = file === undefined ? undefined : readConfigText(file);
  if (file === undefined || text === undefined) return undefined;
  const { parseYaml } = await import("./yaml.ts");
  return parseYaml(text, file);
}

/** Makes a configuration file's text of a document. */
export async function yamlFormat(): Promise<(document: unknown) => string> {
  const { formatYaml } = await import("./yaml.ts");
  return formatYaml;
}

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
    const { placesIn } = await import("../adapters/dev-tailnet/kept.ts");
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
  const { createDevTailnet } = await import("../adapters/dev-tailnet/dev-tailnet.ts");
  const { isDevTailnetConfig } = await import("../adapters/dev-tailnet/kept.ts");
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

/** What the audit log needs where no command is; the ledger is the caller's to close. @throws {DevboxError} as {@link ledgerOf} */
export async function auditDeps(config: Config, caller: Caller): Promise<AuditDeps> {
  const [ledger, journal] = [ledgerOf(config), await systemJournal({ caller })];
  return { ledger, clock: systemClock, host: createHost(systemClock), caller, journal };
}

/** Everything a use case needs, on the real parts. */
export function compose(config: Config, progress: Progress, interrupt: AbortSignal): Deps {
  return { ...composeWithoutLedger(config, progress, interrupt), ledger: ledgerOf(config) };
}

/** What setting up this host takes; loaded only for its command. */
export async function hostDeps(progress: Progress): Promise<HostDeps> {
  const { createHostSystem } = await import("../adapters/host-system/host-system.ts");
  const system = createHostSystem(packageFile("."));
  return { system, progress, readText: (file) => readConfigText(resolve(file)), parse: parseConfig };
}

/** What the doctor needs: it opens the ledger itself, because it may have to mend it first. */
export function composeDoctor(config: Config, progress: Progress, interrupt: AbortSignal): DoctorDeps {
  return {
    ...composeWithoutLedger(config, progress, interrupt),
    openLedger: () => ledgerOf(config),
    setAsideLedger: () => setAside(stateDirOf(config), String(systemClock.now())),
  };
}

function composeWithoutLedger(config: Config, progress: Progress, interrupt: AbortSignal): Omit<Deps, "ledger"> {
  return {
    engine: engineOf(config),
    clock: systemClock,
    host: createHost(systemClock),
    config,
    secrets: () => secretStore(config),
    tailnet: () => tailnet(config),
    caller: whoAsks(),
    progress,
    interrupt,
  };
}

/** What a command of the caller's own process needs besides its files. */
export const crossingParts = { clock: systemClock, host: createHost(systemClock) };

/** Copies with boxes on the other side of the boundary. */
export async function crossingTransfers(boundary: Boundary): Promise<BoxTransfers> {
  const gate = await import("../adapters/gate/transfers.ts");
  return gate.crossingTransfers(boundary);
}

/** Has a command done on the other side, with the caller's own streams. @returns its exit code */
export async function crossAttached(boundary: Boundary, words: readonly string[]): Promise<number> {
  const gate = await import("../adapters/gate/run.ts");
  return gate.crossAttached(boundary, words);
}

/** Has an archive of the caller's loaded on the other side of the boundary. @throws {DevboxError} */
export async function loadAcross(boundary: Boundary, file: string): Promise<{ names: string[] }> {
  const gate = await import("../adapters/gate/images.ts");
  return gate.loadAcross(boundary, file);
}

/** Who was let in over the boundary; in personal mode whoever runs this process. */
function whoAsks(): Caller {
  const side = sideOfBoundary();
  return side?.side === "account" ? side.caller : callerFromProcess();
}

export { callerByKey, callerBySudo, callerIsAccount, requireFile };
