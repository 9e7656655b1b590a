import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** One port of a box and the local port that leads to it. */
export interface PortPair {
  /** 0: any that is free. */
  readonly local: number;
  readonly remote: number;
}

/** Most ports in one command: each is a socket, and more are a mistake. */
const MOST = 32;

/**
 * Reads `[LOCAL:]PORT` words; without LOCAL it is the same port on both sides.
 * @throws {DevboxError} USAGE for what is no port, and for a local port that is named twice
 */
export function portPairs(words: readonly string[]): PortPair[] {
  if (words.length > MOST) throw wrong(`at most ${MOST} ports at once.`);
  const pairs = words.map((word) => portPair(word));
  const seen = new Set<number>();
  for (const { local } of pairs) {
    if (local !== 0 && seen.has(local)) {
      throw wrong(`the local port ${local} is named twice.`, "Each needs one of its own, such as 8081:8080 8082:8081");
    }
    seen.add(local);
  }
  return pairs;
}

function portPair(word: string): PortPair {
  const parts = word.split(":");
  const [local = "", remote = local] = parts;
  if (parts.length > 2) {
    throw wrong(`${quote(word)} has more than one colon.`, "It listens on 127.0.0.1 alone: LOCAL:PORT or PORT");
  }
  return { local: portNumber(local, parts.length === 2 ? 0 : 1, word), remote: portNumber(remote, 1, word) };
}

/** @param least 0 where any free port may be asked for */
export function portNumber(text: string, least: 0 | 1, word = text): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port >= least && port <= 65_535) return port;
  const what = text === word ? quote(word) : `${quote(text)} in ${quote(word)}`;
  throw wrong(`${what} is no port.`, "Ports are numbers from 1 to 65535; as a local port, 0 means any that is free");
}

function wrong(message: string, ...next: string[]): DevboxError {
  return new DevboxError("USAGE", message, { next: [...next, "devbox-ctl help port-forward"] });
}
