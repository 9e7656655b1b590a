import type { Config } from "../config/config.ts";
import { boundaryFile } from "./boundary.ts";
import type { HostFacts } from "./facts.ts";
import type { DirectoryItem, FileItem, HostItem, IdRange, SubidsItem, UnitItem } from "./items.ts";
import { HEADER, keysFile, orchestratorDir, PLACES } from "./places.ts";
import { containersConf, podmanService, storageConf } from "./podman-files.ts";
import { type RootLogin, sshdFile, type SshdWanted } from "./sshd.ts";
import { freeRange, missingIds, rangesOf, subidsFor } from "./subids.ts";
import { sudoersFile } from "./sudoers.ts";
import { delegation, sliceLimits, unitFiles } from "./units.ts";

export interface Wanted {
  readonly config: Config;
  /** The configuration's service account. */
  readonly account: string;
  readonly facts: HostFacts;
  /** Whether sshd is set up too. */
  readonly sshd: boolean;
  /** Whether root keeps its way in by SSH, with a key. */
  readonly keepRootLogin: boolean;
  /** Text for a configuration that is to be put in place; null where its file is there and stays. */
  readonly configText: string | null;
}

/** Everything that makes the host an orchestrator, in the order in which it is made. */
export function wantedItems(wanted: Wanted): HostItem[] {
  const { account, config, facts } = wanted;
  const uid = facts.account?.uid ?? facts.freeId;
  const home = orchestratorDir(config, account);
  const parts = { account, uid, home, program: facts.program.path };
  return [
    rootDirectory(PLACES.etc, "configuration of the orchestrator"),
    { kind: "account", name: account, home, shell: "/bin/sh", uid, purpose: "runs everyone's boxes" },
    configFile(wanted),
    subids(wanted),
    accountDirectory(account, home, "its state and its home"),
    accountDirectory(account, `${home}/hooks`, "what closes networks to boxes"),
    ...(config.lifecycle.archive.dir === null
      ? []
      : [accountDirectory(account, config.lifecycle.archive.dir, "archives of homes")]),
    ...programItems(wanted),
    ...managerFiles(wanted, uid),
    ...podmanFiles(wanted, uid, home),
    { kind: "linger", name: account, purpose: "its services and boxes run from boot on" },
    unit("podman.socket", "account", true, "Podman's service, which starts the boxes"),
    ...systemUnits(wanted, uid, home),
    sudoersItem(wanted),
    ...(wanted.sshd ? [sshdItem(wanted)] : []),
    rootFile(PLACES.boundary, boundaryFile(config, parts), "sends everyone's commands across"),
  ];
}

const rootDirectory = (path: string, purpose: string): DirectoryItem => ({
  ...{ kind: "directory", path, mode: "0755", owner: "root", group: "root", purpose },
});

const accountDirectory = (account: string, path: string, purpose: string): DirectoryItem => ({
  ...{ kind: "directory", path, mode: "0700", owner: account, group: account, purpose },
});

const rootFile = (path: string, content: string, purpose: string): FileItem => ({
  ...{ kind: "file", path, mode: "0644", owner: "root", group: "root", content, check: null, purpose },
});

const unit = (name: string, manager: UnitItem["manager"], active: boolean, purpose: string): UnitItem => ({
  ...{ kind: "unit", name, manager, active, purpose },
});

function configFile({ account, configText }: Wanted): FileItem {
  const purpose = "the configuration, which people cannot read";
  const file = rootFile(PLACES.config, "", purpose);
  return { ...file, mode: "0640", group: account, content: configText };
}

function subids({ account, config, facts }: Wanted): SubidsItem {
  const { subuid, subgid, usedIds } = facts;
  const count = subidsFor(Object.keys(config.users).length);
  const missing = (lines: HostFacts["subuid"]) => missingIds(rangesOf(lines, account, facts.account?.uid), count);
  const [uids, gids] = [missing(subuid), missing(subgid)];
  const taken = [...subuid, ...subgid, ...usedIds.map((id) => ({ first: id, count: 1 }))];
  const range = freeRange(taken, Math.max(uids, gids));
  const part = (needed: number): IdRange | null =>
    needed === 0 ? null : { first: range?.first ?? 0, count: range === undefined ? 0 : needed };
  const purpose = "a range of user ids for each owner of boxes";
  return { kind: "subids", name: account, count, adds: { subuid: part(uids), subgid: part(gids) }, purpose };
}

function programItems({ facts }: Wanted): HostItem[] {
  const { path, version } = facts.program;
  if (version === undefined) return [];
  return [
    { kind: "program", path: PLACES.program, version, purpose: "the program, where only root can change it" },
    { kind: "link", path: PLACES.link, target: path, purpose: "the command in everybody's PATH" },
  ];
}

function managerFiles({ config, facts }: Wanted, uid: number): HostItem[] {
  const dropIn = (name: string) => `${PLACES.units}/${name}.d`;
  const [manager, slice] = [dropIn(`user@${uid}.service`), dropIn(`user-${uid}.slice`)];
  const whole = sliceLimits(config, facts.memory);
  return [
    rootDirectory(manager, "settings of the account's systemd manager"),
    rootFile(`${manager}/10-devbox.conf`, delegation(), "limits of boxes are in force"),
    rootDirectory(slice, "settings of all that the account runs"),
    rootFile(`${slice}/10-devbox.conf`, whole, "all boxes together leave the host its share"),
  ];
}

function podmanFiles({ account, config, facts }: Wanted, uid: number, home: string): HostItem[] {
  const own = (path: string, content: string, purpose: string): FileItem => ({
    ...rootFile(`${home}/.config/${path}`, content, purpose),
    ...{ mode: "0600", owner: account, group: account },
  });
  const hookDirs = [...facts.hookDirs, `${home}/hooks`];
  const settings = containersConf({ hookDirs, runtime: config.engine.runtime });
  return [
    own("containers/containers.conf", settings, "Podman's settings for the boxes"),
    own(
      "containers/storage.conf",
      storageConf({ overlay: facts.overlay, home, uid }),
      "how Podman keeps images and boxes",
    ),
    own("systemd/user/podman.service.d/10-devbox.conf", podmanService(facts.podman), "how Podman's service runs"),
  ];
}

function systemUnits({ account, config, facts }: Wanted, uid: number, home: string): HostItem[] {
  const { provider, tokenFile } = config.secrets;
  const withToken = provider === "onepassword" || provider === "op-cli";
  const parts = {
    ...{ account, uid, stateDir: home, program: facts.program.path },
    tokenFile: withToken ? tokenFile : null,
    archiveDir: config.lifecycle.archive.dir,
  };
  const files = unitFiles(parts);
  return [
    ...files.map(({ name, content, purpose }) => rootFile(`${PLACES.units}/${name}`, content, purpose)),
    ...files
      .filter(({ use }) => use !== "called")
      .map(({ name, use, purpose }) => unit(name, "system", use === "started", purpose)),
  ];
}

function sudoersItem({ account, facts }: Wanted): FileItem {
  const file = rootFile(
    PLACES.sudoers,
    sudoersFile(account, facts.program.path, facts.sudoSetsLimits),
    "the one rule of sudo",
  );
  return { ...file, mode: "0440", check: "sudoers" };
}

/** Root's way in is closed only when an administrator has one. */
function rootLogin({ facts, keepRootLogin }: Wanted): RootLogin {
  return keepRootLogin || facts.logins.admins.length === 0 ? "prohibit-password" : "no";
}

/** What sshd is to do. */
export function sshdWanted(wanted: Wanted): SshdWanted {
  const { account, config, facts } = wanted;
  const people = [...new Set([...Object.keys(config.users), ...facts.logins.admins])];
  const file = keysFile(orchestratorDir(config, account));
  const { sshdBoundsSources: boundsSources } = facts;
  return { account, keysFile: file, rootLogin: rootLogin(wanted), boundsSources, people };
}

function sshdItem(wanted: Wanted): FileItem {
  const file = rootFile(PLACES.sshd, sshdFile(sshdWanted(wanted)), "sshd takes authorised keys alone");
  return { ...file, mode: "0600", check: "sshd" };
}

/** Whether a file at a place of ours is one that setup wrote. */
export function isOurs(text: string): boolean {
  return text.startsWith(HEADER);
}
