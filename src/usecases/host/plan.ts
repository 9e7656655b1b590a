import type { Config } from "../../core/config/config.ts";
import { DevboxError } from "../../core/errors.ts";
import { firstConfig } from "../../core/host/first-config.ts";
import type { FoundItem } from "../../core/host/items.ts";
import { orchestratorDir, PLACES } from "../../core/host/places.ts";
import { refuseForeign, refuseLockOut, refuseUnfit, serviceAccount } from "../../core/host/refusals.ts";
import { sshdWanted, type Wanted, wantedItems } from "../../core/host/wanted.ts";
import type { ApplyParts } from "../../ports/host-system.ts";
import { beginSetup, type HostDeps } from "./deps.ts";

export interface SetupInput {
  /** A configuration to be put in place; undefined: the one that is there, else a first one. */
  readonly configFile: string | undefined;
  readonly sshd: boolean;
  readonly keepRootLogin: boolean;
  /** Whether missing packages are installed. */
  readonly install: boolean;
  /** Whether nothing will be changed. */
  readonly dryRun: boolean;
}

/** What is to be done, before anything is. */
export interface SetupPlan {
  readonly found: readonly FoundItem[];
  readonly account: string;
  readonly parts: ApplyParts;
  /** What boxes are made of, as the configuration has it, and the podman command. */
  readonly engine: { readonly image: string; readonly podman: string };
  /** What an administrator has to know, a sentence each. */
  readonly remarks: readonly string[];
  /** The configuration that is put in place; null where it is there already. */
  readonly configText: string | null;
}

/**
 * Looks what is there, what is missing and whether it may be made.
 * @throws {DevboxError} NOT_PERMITTED, INVALID_CONFIG, WRONG_STATE, ENGINE_MISSING, HOST_IDS, HOST_SETUP
 */
export async function planSetup(deps: HostDeps, input: SetupInput): Promise<SetupPlan> {
  const { system } = deps;
  await beginSetup(deps, "setup", input.dryRun);
  await requirePrograms(deps, input);
  const { config, text: configText, file, isFirst } = await configuration(deps, input.configFile);
  const account = serviceAccount(config, file);
  const home = orchestratorDir(config, account);
  const { adminGroups } = config.host;
  const facts = await system.facts({ account, home, adminGroups, podman: config.engine.path });
  refuseUnfit(config, account, facts);
  const wanted: Wanted = { ...{ config, account, facts, configText }, ...input };
  if (input.sshd) refuseLockOut(facts, adminGroups);
  const items = wantedItems(wanted);
  refuseNoIds(items);
  const found = await system.look(items, { account, home });
  refuseForeign(found);
  const parts = { home, program: facts.program.path, sshd: sshdWanted(wanted) };
  const sshd = found.find(({ item }) => item.kind === "file" && item.check === "sshd");
  if (sshd?.item.kind === "file" && sshd.state !== "ok") await system.checkSshd(sshd.item.content ?? "", parts.sshd);
  return {
    found,
    account,
    parts,
    engine: { image: config.image, podman: facts.podman },
    remarks: [...firstRemarks(config, isFirst), ...fileRemarks(config, account), ...remarksOf(wanted, found)],
    configText,
  };
}

async function requirePrograms({ system, progress }: HostDeps, { sshd, install, dryRun }: SetupInput): Promise<void> {
  const missing = system.missing({ sshd });
  if (missing.length === 0) return;
  const packages = missing.map(({ packageName }) => packageName);
  if (!install || dryRun) {
    throw new DevboxError("ENGINE_MISSING", "programs are missing that an orchestrator needs. Nothing was changed.", {
      why: missing.map(({ program }) => program).join(", "),
      next: [`Debian: apt-get install ${packages.join(" ")}`, "Or have it done: devbox-ctl host setup --install"],
    });
  }
  progress.begin("Packages installed");
  await system.install(packages);
  progress.done(packages.join(" "));
}

interface Configured {
  readonly config: Config;
  /** What is to be put in place; null when it is there. */
  readonly text: string | null;
  readonly file: string;
  /** Whether it was made up here, for want of any. */
  readonly isFirst: boolean;
}

async function configuration({ system, readText, parse }: HostDeps, named: string | undefined): Promise<Configured> {
  if (named !== undefined) {
    const text = readText(named);
    if (text === undefined) throw new DevboxError("NO_SUCH_FILE", `there is no configuration ${named}.`);
    return { config: await parse(text, named), text, file: named, isFirst: false };
  }
  const file = PLACES.config;
  const there = readText(file);
  if (there !== undefined) return { config: await parse(there, file), text: null, file, isFirst: false };
  const { group, members } = await system.administrators();
  const text = firstConfig({ account: "devbox", adminGroup: group, users: members });
  return { config: await parse(text, file), text, file, isFirst: true };
}

/** @throws {DevboxError} HOST_IDS */
function refuseNoIds(items: ReturnType<typeof wantedItems>): void {
  for (const item of items) {
    if (item.kind !== "subids") continue;
    if (item.adds.subuid?.count !== 0 && item.adds.subgid?.count !== 0) continue;
    throw new DevboxError("HOST_IDS", "no range of subordinate ids is free. Nothing was changed.", {
      why: `${item.name} needs ${item.count} in one piece; /etc/subuid and /etc/subgid leave none.`,
      next: ["Remove ranges of accounts that are gone from both files"],
    });
  }
}

/** Files of secrets are administrators' to make; the service account reads them as they are. */
function fileRemarks({ notify }: Config, account: string): string[] {
  const files = notify.flatMap((channel) => {
    if (channel.type === "webhook") return [channel.urlFile, channel.tokenFile];
    return channel.type === "email" ? [channel.passwordFile] : [];
  });
  const named = files.filter((file) => file !== null);
  if (named.length === 0) return [];
  return [`Files of notify must be ${account}'s with mode 0600, which devbox-ctl doctor looks at: ${named.join(", ")}`];
}

/** Who may have boxes is nothing that setup could know. */
function firstRemarks({ users }: Config, isFirst: boolean): string[] {
  if (isFirst) return [`Say who may have boxes (users) in ${PLACES.config}, then run host setup again`];
  return Object.keys(users).length > 0 ? [] : [`Nobody may have boxes yet: add users to ${PLACES.config}`];
}

function remarksOf({ facts, keepRootLogin, sshd }: Wanted, found: readonly FoundItem[]): string[] {
  const isNew = found.some(({ item, state }) => item.kind === "account" && state === "make");
  const changes = (path: string) =>
    found.some(({ item, state }) => item.kind === "file" && item.path.includes(path) && state === "change");
  const grows = !isNew && found.some(({ item, state }) => item.kind === "subids" && state !== "ok");
  const says: [boolean, string][] = [
    [
      sshd && !keepRootLogin && facts.logins.admins.length === 0,
      "Root may still log in by SSH with a key, because no administrator (host.adminGroups) has one",
    ],
    [!sshd, "sshd was left as it is: whether it takes passwords is up to its configuration"],
    [facts.overlay === "fuse", "This kernel or file system has no overlay without root: boxes read files slower"],
    [!facts.sudoSetsLimits, "This sudo sets no resource limits: callers with low ones of their own are refused"],
    [
      grows || changes("/user@"),
      "New ids and new limits are in force from the next boot on; until then the old ones are",
    ],
  ];
  return says.filter(([applies]) => applies).map(([, text]) => text);
}
