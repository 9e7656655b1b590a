import type { networkInterfaces } from "node:os";

/** Field of /proc/net/route: the destination of the way to everywhere. */
const EVERYWHERE = "00000000";

/**
 * The addresses of this machine but for the loopback's, that of the way to everywhere first: behind slirp4netns boxes
 * reach the host under it, and its other addresses as well.
 * @param routes text of /proc/net/route
 */
export function byRoute(interfaces: ReturnType<typeof networkInterfaces>, routes: string): string[] {
  const [out = ""] = routes.split("\n").flatMap((line) => {
    const [name, destination] = line.split("\t");
    return name !== undefined && destination === EVERYWHERE ? [name] : [];
  });
  return Object.entries(interfaces)
    .flatMap(([name, addresses]) => (addresses ?? []).map((each) => ({ ...each, first: name === out })))
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .toSorted((a, b) => Number(b.first) - Number(a.first))
    .map(({ address }) => address);
}
