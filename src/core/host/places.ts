import type { Config } from "../config/config.ts";
import { BOUNDARY_FILE } from "../gate/boundary-file.ts";

/** Where an orchestrator keeps things. */
export const PLACES = {
  etc: "/etc/devbox",
  config: "/etc/devbox/config.yaml",
  boundary: BOUNDARY_FILE,
  /** What setup has made, so that it can be taken back. */
  manifest: "/etc/devbox/.setup.json",
  program: "/usr/local/lib/devbox-ctl",
  versions: "/usr/local/lib/devbox-ctl.d",
  link: "/usr/local/bin/devbox-ctl",
  sudoers: "/etc/sudoers.d/devbox",
  sshd: "/etc/ssh/sshd_config.d/10-devbox.conf",
  units: "/etc/systemd/system",
} as const;

/** First line of every file that setup writes; one without it is somebody else's and is left alone. */
export const HEADER = "# Written by devbox-ctl host setup; changes are lost at its next run.";

/** Directory of an orchestrator's state, which is the account's home too. @param account its service account */
export function orchestratorDir({ state }: Config, account: string): string {
  return state.dir ?? `/var/lib/${account}`;
}

/** File of the SSH keys by which people without a shell come. */
export function keysFile(stateDir: string): string {
  return `${stateDir}/authorized_keys`;
}
