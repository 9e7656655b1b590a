import { HEADER } from "./places.ts";

/** Limits by which a caller could make a command fail half way; soft and hard ones as systemd sets them. */
const RLIMITS = {
  ...{ as: "infinity", cpu: "infinity", data: "infinity", fsize: "infinity", nproc: "infinity", rss: "infinity" },
  nofile: '"1024,524288"',
  stack: '"8388608,infinity"',
} as const;

/**
 * The one rule by which people with a shell reach the service account. It allows the bare command: what its words may
 * say is judged behind it, with errors that a person can read.
 * @param setsLimits whether this sudo can set resource limits
 */
export function sudoersFile(account: string, program: string, setsLimits: boolean): string {
  const limits = setsLimits
    ? [
        "# The caller's resource limits stay behind: a file size limit would cut Podman's own files off.",
        ...Object.entries(RLIMITS).map(([name, value]) => `Defaults!DEVBOX_CTL rlimit_${name} = ${value}`),
      ]
    : [];
  return [
    HEADER,
    `Cmnd_Alias DEVBOX_CTL = ${program}`,
    "# Nothing of the caller's environment but how to show text; a terminal of its own, so that it cannot type into theirs.",
    "Defaults!DEVBOX_CTL env_reset, !setenv, use_pty, !requiretty",
    'Defaults!DEVBOX_CTL env_keep = "NO_COLOR"',
    'Defaults!DEVBOX_CTL secure_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
    "Defaults!DEVBOX_CTL umask = 0077, umask_override",
    "# Words may be secret (exec NAME -- curl -H ...); devbox-ctl's audit log says who did what.",
    "Defaults!DEVBOX_CTL !log_allowed",
    ...limits,
    `ALL ALL=(${account}) NOPASSWD: DEVBOX_CTL`,
    "",
  ].join("\n");
}
