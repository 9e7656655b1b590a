import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

/** A directory of the XDG base directory specification: absolute in the environment, else under the home. */
function xdg(variable: string, fallback: string): string {
  const value = process.env[variable];
  // The specification says that relative paths are to be ignored.
  return value?.startsWith("/") === true ? value : join(home(), fallback);
}

/** The caller's home. An empty or relative HOME would put the ledger wherever one happens to stand. */
function home(): string {
  const found = homedir();
  return isAbsolute(found) ? found : userInfo().homedir;
}

/** Where the ledger is kept when the configuration does not say. */
export function defaultStateDir(): string {
  return join(xdg("XDG_STATE_HOME", ".local/state"), "devbox");
}

/** Where what was slow to build is kept; losing it costs time, nothing else. */
export function cacheDir(): string {
  return join(xdg("XDG_CACHE_HOME", ".cache"), "devbox-ctl");
}

/** A file of this account's runtime directory, by its user id and not by what the environment says. */
export function runtimeFile(path: string): string {
  return join("/run/user", String(userInfo().uid), path);
}

/** The host's own configuration, root's to write. */
export const HOST_CONFIG = "/etc/devbox/config.yaml";

/** Where a configuration is looked for when none is named, the first that exists wins. */
export function configFiles(): string[] {
  return [HOST_CONFIG, join(xdg("XDG_CONFIG_HOME", ".config"), "devbox", "config.yaml")];
}

/** A file of this package: the bundle and the sources lie at different depths below its root. */
export function packageFile(path: string): string {
  let dir = import.meta.dirname;
  while (!existsSync(join(dir, "package.json")) && dir !== "/") dir = dirname(dir);
  return join(dir, path);
}
