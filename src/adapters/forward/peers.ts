/** The kernel's tables of TCP connections; a program may reach 127.0.0.1 through an IPv6 socket as well. */
export const PEER_TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/** 127.0.0.1 as the tables write it: the bytes of each 32-bit word in the machine's own (little-endian) order. */
const LOOPBACK = ["0100007F", "0000000000000000FFFF00000100007F"];

/**
 * The user id of the socket at the other end of a connection over 127.0.0.1, from a table of proc(5).
 * A socket whose program has closed it has no inode any more, and the kernel then says root for everybody's: such a
 * row proves nothing and is passed over.
 * @param peer the other end's port; `own` ours
 */
export function peerUid(table: string, peer: number, own: number): number | undefined {
  const [from, to] = [peer, own].map((port) => port.toString(16).toUpperCase().padStart(4, "0"));
  for (const address of LOOPBACK) {
    const row = table.split("\n").find((line) => line.includes(`: ${address}:${from ?? ""} ${address}:${to ?? ""} `));
    // sl: local remote st tx:rx tr:when retransmits uid timeout inode …
    const [, , , , , , , uid, , inode] = row?.trim().split(/\s+/) ?? [];
    if (uid !== undefined && inode !== undefined && inode !== "0") return Number(uid);
  }
  return undefined;
}

/**
 * Whether the first bytes of a connection are an HTTP request that was meant for another host than this machine's
 * loopback. Browsers send the name that a page was opened under; a page that had its name point here would send that.
 */
export function asksForForeignHost(head: string): boolean {
  if (!/^[A-Z]+ \S+ HTTP\/1\.[01]\r?\n/.test(head)) return false;
  const host = /\nhost:[ \t]*([^\r\n]*?)[ \t]*\r?\n/i.exec(head)?.[1];
  return host === undefined || !/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host);
}
