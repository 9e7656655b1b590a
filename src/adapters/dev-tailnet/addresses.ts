import type { networkInterfaces } from "node:os";

/** Field of /proc/net/route: the destination of the way to everywhere. */
const EVERYWHERE = "00000000";

/** Interfaces that come and go with containers, and their addresses with them. */
const PASSING = /^(podman|cni|veth)/;

/**
 * The addresses of this machine under which boxes reach it, that of the way to everywhere first. Those of the loopback
 * net are a box's own; any other address that the loopback interface was given is one of the machine.
 * @param routes text of /proc/net/route
 */
export function byRoute(interfaces: ReturnType<typeof networkInterfaces>, routes: string): string[] {
  const [out = ""] = routes.split("\n").flatMap((line) => {
    const [name, destination] = line.split("\t");
    return name !== undefined && destination === EVERYWHERE ? [name] : [];
  });
  return Object.entries(interfaces)
    .flatMap(([name, addresses]) => (addresses ?? []).map((each) => ({ ...each, name })))
    .filter(({ name, address, family }) => family === "IPv4" && !address.startsWith("127.") && !PASSING.test(name))
    .toSorted((a, b) => Number(b.name === out) - Number(a.name === out))
    .map(({ address }) => address);
}
