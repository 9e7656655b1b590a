import { headscaleUrl, isPrivate } from "../../core/dev-tailnet/headscale-config.ts";
import type { DevTailnetRecord } from "../../core/dev-tailnet/record.ts";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import type { TailnetTools } from "../../ports/dev-tailnet.ts";
import type { DevTailnetDeps } from "./deps.ts";

/** Ports that are tried; one was free a moment before it is. */
const TRIES = 5;

export interface Wish {
  readonly users: readonly string[];
  readonly address: string;
  readonly port: number | undefined;
}

export interface Listening {
  readonly record: DevTailnetRecord;
  /** False when it ran already. */
  readonly started: boolean;
}

/**
 * Sees to it that headscale runs for these users, where it was before unless something else is wished for.
 * @throws {DevboxError} PORT_TAKEN for a port that was wished for, TAILNET_FAILED
 */
export async function listen(
  deps: DevTailnetDeps,
  tools: TailnetTools,
  before: DevTailnetRecord | undefined,
  wish: Wish,
): Promise<Listening> {
  const { tailnet, progress } = deps;
  const { address } = wish;
  const port = wish.port ?? before?.port;
  const state = tailnet.state();
  if (before !== undefined && state === "running" && before.address === address && before.port === port) {
    const record = { ...before, users: wish.users };
    if (tailnet.keep(record)) tailnet.reload();
    return { record, started: false };
  }
  progress.begin("headscale started");
  if (state === "died") progress.remark("headscale had ended without being told to; it is started again");
  await tailnet.stop();
  for (let tried = 0; tried < TRIES; tried += 1) {
    const taken = tried === 0 ? port : undefined;
    const record = { address, port: taken ?? (await tailnet.freePort(address)), users: wish.users };
    tailnet.keep(record);
    if (await tailnet.start(tools, record)) {
      progress.done(headscaleUrl(record));
      return { record, started: true };
    }
    if (wish.port !== undefined) throw portTaken(wish.port);
  }
  throw new DevboxError("PORT_TAKEN", `no free port was found on ${address}.`, {
    next: ["Name one: devbox-ctl tailnet dev up --port PORT"],
  });
}

function portTaken(port: number): DevboxError {
  return new DevboxError("PORT_TAKEN", `port ${String(port)} is taken.`, {
    why: "Something else listens there, TCP or UDP.",
    next: [`See what: ss -ltunp 'sport = :${String(port)}'`, "Leave --port out to have a free one"],
  });
}

/** Any private address will do where there is none, and nobody else has one of these on their loopback. */
const GIVE_ONE = "Give it one, until the next boot: sudo ip address add 10.255.255.1/32 dev lo";

/**
 * The address to listen on: the one that is wished for, else the one before, else a private one.
 * @throws {DevboxError} USAGE for an address that is none of this machine's, TAILNET_FAILED when it has none of use
 */
export function addressFor(
  deps: DevTailnetDeps,
  before: DevTailnetRecord | undefined,
  wished: string | undefined,
): string {
  const addresses = deps.tailnet.addresses();
  if (wished !== undefined) {
    if (!addresses.includes(wished)) {
      throw new DevboxError("USAGE", `${quote(wished)} is no address of this machine that boxes reach.`, {
        why: `Its addresses: ${addresses.join(", ") || LOOPBACK_ALONE}.`,
        next: ["Name one of them, or leave --address out"],
      });
    }
    if (!isPrivate(wished)) deps.progress.remark(`${wished} is not private: ${NOT_PRIVATE}`);
    return wished;
  }
  if (before !== undefined && addresses.includes(before.address)) return before.address;
  const found = addresses.find((address) => isPrivate(address));
  if (found !== undefined) return found;
  throw new DevboxError("TAILNET_FAILED", "this machine has no private address to listen on.", {
    why: addresses.length === 0 ? `It has ${LOOPBACK_ALONE}.` : `It has ${addresses.join(", ")}, and ${NOT_PRIVATE}`,
    next: [GIVE_ONE, "Then again: devbox-ctl tailnet dev up"],
  });
}

const LOOPBACK_ALONE = "none but the loopback's, which each box has for itself";

/** See {@link isPrivate}. */
const NOT_PRIVATE = "tailscaled gives up on plain http there after a while, and asks for HTTPS at port 443.";
