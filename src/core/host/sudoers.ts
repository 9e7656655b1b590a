import { HEADER } from "./places.ts";

/** sudo sets resource limits of its own since 1.8.32; what is older leaves the caller's. */
const RLIMITS_SINCE = [1, 8, 32];

/** Limits by which a caller could make a command fail half way. `nofile` and `nproc` are raised by the program. */
const RLIMITS = ["as", "cpu", "data", "fsize", "nproc", "rss"] as const;

/**
 * The one rule by which people with a shell reach the service account. It allows the bare command: what its words may
 * say is judged behind it, with errors that a person can read.
 * @param sudo its version
 */
export function sudoersFile(account: string, program: string, sudo: readonly number[]): string {
  const limits = isAtLeast(sudo, RLIMITS_SINCE)
    ? [
        "# The caller's resource limits stay behind: a file size limit would cut Podman's own files off.",
        ...RLIMITS.map((name) => `Defaults!DEVBOX_CTL rlimit_${name} = infinity`),
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

function isAtLeast(version: readonly number[], least: readonly number[]): boolean {
  for (const [i, number] of least.entries()) {
    const other = version[i] ?? 0;
    if (other !== number) return other > number;
  }
  return true;
}
