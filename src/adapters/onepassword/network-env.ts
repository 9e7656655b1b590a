/** How a program of ours reaches the network: proxies, and certificates of a network that looks into TLS. */
const NAMES = ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];

/** The few variables of the caller's that a program which is given a secret has too, and where programs are found. */
export function networkEnvironment(
  caller: Readonly<Record<string, string | undefined>>,
  certificates: readonly string[],
): Record<string, string> {
  const kept: Record<string, string> = { PATH: caller.PATH ?? "/usr/bin:/bin", LC_ALL: "C" };
  for (const name of [...NAMES, ...certificates]) {
    const value = caller[name];
    if (value !== undefined && value !== "") kept[name] = value;
  }
  return kept;
}
