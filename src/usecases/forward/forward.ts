import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, hasCode } from "../../core/errors.ts";
import type { Forwarder, Incoming, Listener } from "../../ports/forwarder.ts";
import { findBox, usableContainer } from "../access.ts";
import type { Deps } from "../deps.ts";
import { throwUnlessRunning } from "../session.ts";
import { type Carrier, createCarrier } from "./carrier.ts";
import type { PortPair } from "./ports.ts";
import { watchBox } from "./watch.ts";

export type ForwardDeps = Deps & { readonly forwarder: Forwarder };

/** What is listened on, for whom. */
export interface Forwards {
  readonly box: string;
  readonly ports: readonly PortPair[];
}

export interface ForwardInput {
  readonly name: string;
  readonly ports: readonly PortPair[];
  /** Which kind of use this is, for `last used`. */
  readonly by: "port-forward" | "open";
  /** Called once, when all ports are listened on. */
  readonly onListening: (forwards: Forwards) => void;
}

/**
 * Carries connections to ports of this machine's loopback into a box's, until the user ends it, which is its normal
 * end. Only the caller's own programs are let in: 127.0.0.1 is everybody's who has an account here.
 *
 * For personal mode, where the host is the user's machine. On a host that a team shares, whoever runs this process
 * decides what "the caller's own" is; that belongs to the boundary between users and the service account.
 * @throws {DevboxError} BOX_NOT_FOUND, CONTAINER_GONE, PORT_TAKEN, NOT_PERMITTED; WRONG_STATE also when the box stops
 * or is destroyed meanwhile
 */
export async function forward(deps: ForwardDeps, input: ForwardInput): Promise<void> {
  const box = await runningBox(deps, input.name);
  const watch = watchBox(deps, box);
  const carrier = createCarrier(deps, { box, by: input.by, onFailure: () => watch.look() });
  const listeners: Listener[] = [];
  try {
    for (const pair of input.ports) {
      listeners.push(await listen(deps, pair, input.name, carrier));
    }
    const ports = input.ports.map(({ remote }, at) => ({ local: listeners[at]?.port ?? 0, remote }));
    input.onListening({ box: box.name, ports });
    await watch.untilOver();
  } finally {
    for (const listener of listeners) listener.close();
    await carrier.close();
  }
}

/** @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE, CONTAINER_GONE */
export async function runningBox(deps: Deps, name: string): Promise<BoxRecord> {
  const box = findBox(deps, name);
  await throwUnlessRunning(deps, name, usableContainer(box));
  return box;
}

async function listen(deps: ForwardDeps, pair: PortPair, name: string, carrier: Carrier): Promise<Listener> {
  const onConnection = (incoming: Incoming) => {
    carrier.take(incoming, pair.remote);
  };
  try {
    return await deps.forwarder.listen(pair.local, onConnection);
  } catch (error) {
    throw withAdvice(error, pair, name);
  }
}

/** The refusal of a local port, with how to name another one. */
function withAdvice(error: unknown, { local, remote }: PortPair, name: string): unknown {
  if (!hasCode(error, "PORT_TAKEN", "NOT_PERMITTED")) return error;
  const other = local < 1024 ? local + 8000 : local + 1;
  const { code, message, why } = error;
  return new DevboxError(code, message, {
    why: code === "NOT_PERMITTED" ? `${why ?? ""}; ports below 1024 are the system's.` : why,
    next: [
      `Choose another one: devbox-ctl port-forward ${name} ${other > 65_535 ? 0 : other}:${remote}`,
      `Or take any that is free: devbox-ctl port-forward ${name} 0:${remote}`,
      ...(code === "PORT_TAKEN" ? [`See who has it: ss -ltnp "sport = :${local}"`] : []),
    ],
    cause: error,
  });
}
