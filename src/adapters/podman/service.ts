import { setTimeout } from "node:timers/promises";
import { SECOND } from "../../core/time.ts";
import { lookAtSockets, type PodmanCommand } from "./run.ts";

/** Milliseconds between two looks. */
const POLL = 100;
/** How long is waited where nobody can say whether the service is at work: what is quick is through then. */
const BLIND = 2 * SECOND;

/**
 * Waits until Podman's service is through with what clients have asked of it that are gone. It answers a request to its
 * end, whatever has become of who asked, and keeps the connection open as long; so what it is at is a connection to its
 * socket that has no other side any more.
 * @param limit milliseconds, not counting what the looks themselves take
 * @returns false when it was still at work then
 */
export async function waitUntilSettled({ socket }: PodmanCommand, limit: number): Promise<boolean> {
  if (socket === undefined) return true;
  for (let waited = 0; ; waited += POLL) {
    const sockets = await lookAtSockets();
    if (sockets === undefined) {
      await setTimeout(Math.min(BLIND, limit));
      return true;
    }
    if (abandoned(sockets, socket) === 0) return true;
    if (waited >= limit) return false;
    await setTimeout(POLL);
  }
}

/**
 * How many connections to a socket have no other side (lines `u_str ESTAB 0 0 PATH INODE * PEER` of `ss`, peer 0), or wait
 * to be taken up: of those, which `u_str LISTEN COUNT …` counts, nobody can say whether there is another side.
 */
export function abandoned(sockets: string, socket: string): number {
  return sockets
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , , path]) => path === socket)
    .reduce((sum, [, state, waiting, , , , , peer]) => {
      if (state === "LISTEN") return sum + (Number(waiting) || 0);
      return state === "ESTAB" && peer === "0" ? sum + 1 : sum;
    }, 0);
}
