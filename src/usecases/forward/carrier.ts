import type { BoxRecord } from "../../core/box.ts";
import { messageOf } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { SECOND } from "../../core/time.ts";
import type { Incoming } from "../../ports/forwarder.ts";
import type { Deps } from "../deps.ts";
import { createLifeline } from "./lifeline.ts";

/** Ports whose program takes whoever reaches it for its owner: code-server asks for no password by default. */
const GUARDED = new Set<number>(IMAGE.services["code-server"].ports);

/** Most connections at once: each is a process here and one in the box. A page of an editor needs some ten. */
const MOST = 64;
/** How often the same remark is made, and use is entered in the ledger. */
const SELDOM = { remark: 10 * SECOND, use: 60 * SECOND };
/** What `connect` ends with when nothing in the box listens on the port. */
const NOTHING_LISTENS = 4;

export interface Carrier {
  /** Carries a connection to a port of the box, or refuses it. */
  take(incoming: Incoming, port: number): void;
  /** Ends all connections, and waits until what carried them is gone. */
  close(): Promise<void>;
}

interface CarrierInput {
  readonly box: Pick<BoxRecord, "id" | "name" | "containerId">;
  readonly by: string;
  /** Called when a connection could not be carried, which a stopped box explains. */
  readonly onFailure: () => Promise<void>;
}

/** Carries connections into a box, each by a program of its own there. */
export function createCarrier(deps: Deps, { box, by, onFailure }: CarrierInput): Carrier {
  const carried = new Map<Incoming, Promise<void>>();
  const lifeline = createLifeline(deps, () => void onFailure());
  if (box.containerId !== undefined) lifeline.reach(box.containerId);
  const seldom = throttle(deps);
  const remark = (text: string, kind = text) => {
    seldom(kind, SELDOM.remark, () => deps.progress.remark(text));
  };
  const used = () => {
    seldom("use", SELDOM.use, () => deps.ledger.update(box.id, { lastUsed: { at: deps.clock.now(), by } }));
  };
  const carry = async (incoming: Incoming, port: number) => {
    const refusal = refusalOf(deps, incoming, carried.size);
    const containerId = deps.ledger.boxById(box.id)?.containerId;
    if (refusal !== undefined || containerId === undefined) {
      incoming.drop();
      if (refusal === undefined) await onFailure();
      else remark(refusal);
      return;
    }
    used();
    const pipe = lifeline.pipe(containerId, [IMAGE.programs.connect, String(port)]);
    const [{ exitCode, stderr }, endedBy] = await Promise.all([pipe.ended, incoming.carry(pipe, GUARDED.has(port))]);
    pipe.over();
    if (exitCode === 0 || endedBy === "connection") return;
    if (exitCode === NOTHING_LISTENS) {
      remark(`nothing listens on port ${port} of ${box.name}`);
      return;
    }
    await onFailure();
    remark(`a connection to port ${port} of ${box.name} broke: ${stderr}`, `broke ${port}`);
  };
  return {
    take(incoming, port) {
      const done = carry(incoming, port)
        .catch((error: unknown) => {
          incoming.drop();
          remark(`a connection was not carried: ${messageOf(error)}`, "error");
        })
        .finally(() => carried.delete(incoming));
      carried.set(incoming, done);
    },
    async close() {
      for (const incoming of carried.keys()) incoming.drop();
      await Promise.all(carried.values());
      await lifeline.close();
    },
  };
}

/** Why a connection is not carried; undefined when it is. */
function refusalOf(deps: Deps, { uid }: Incoming, carried: number): string | undefined {
  if (uid === undefined) return "a connection was refused: it was closed before it could be told whose it is";
  if (uid !== deps.caller.uid) return `a connection of another user (uid ${uid}) was refused`;
  if (carried >= MOST) return `a connection was refused: ${MOST} are open already`;
  return undefined;
}

/** Does things of one kind at most once in a span of milliseconds. */
function throttle({ clock }: Pick<Deps, "clock">) {
  const last = new Map<string, number>();
  return (kind: string, span: number, act: () => void) => {
    const now = clock.monotonic();
    const before = last.get(kind);
    if (before !== undefined && now - before < span) return;
    last.set(kind, now);
    act();
  };
}
