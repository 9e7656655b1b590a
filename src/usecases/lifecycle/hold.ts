import type { BoxRecord } from "../../core/box.ts";
import { longest } from "../../core/lifecycle/holds.ts";
import type { HoldRecord } from "../../core/lifecycle/records.ts";
import { holdEnd, type HoldSpan } from "../../core/lifecycle/until.ts";
import { printable } from "../../core/text.ts";
import type { Millis } from "../../core/time.ts";
import { findBox, throwUnlessReady, usableContainer } from "../access.ts";
import type { Deps } from "../deps.ts";
import { session, throwUnlessRunning, type SessionInput } from "../session.ts";
import { lastingOn, settleHolds } from "./settle-holds.ts";

export interface HoldInput extends HoldSpan {
  readonly name: string;
  /** For whoever reads it later; empty: none. */
  readonly reason: string;
  /** Zone of times that name none. */
  readonly zone: string;
}

export interface HoldResult {
  readonly box: BoxRecord;
  /** The hold that counts: of all that last, the one that lasts longest. */
  readonly hold: HoldRecord;
  /** False when it was held as long already, or longer. */
  readonly changed: boolean;
}

/** Longest reason that is kept, in characters. */
const REASON_LIMIT = 200;

/**
 * Keeps a box as it is until a time: it is neither stopped nor destroyed by itself. A longer hold takes the place of a
 * shorter one; a shorter one than there is changes nothing.
 * @throws {DevboxError} BOX_NOT_FOUND, WRONG_STATE, USAGE, LIMIT_HOLD
 */
export function hold(deps: Deps, input: HoldInput): HoldResult {
  const box = heldBox(deps, input.name);
  const now = deps.clock.now();
  const until = endOf(deps, input, now);
  settleHolds(deps, now, box.id);
  const earlier = lastingOn(deps, box.id, now);
  const best = longest(earlier.filter(({ holder }) => holder === undefined));
  if (best !== undefined && best.until >= until) return { box, hold: best, changed: false };

  const added = addHold(deps, box, { until, reason: input.reason, holder: undefined });
  for (const { id, holder } of earlier) if (holder === undefined) deps.ledger.endHold(id, now);
  return { box, hold: longest([added, ...earlier]) ?? added, changed: true };
}

/**
 * Runs a command in a box as dev, with the caller's own streams, and keeps the box as it is as long as that runs. The
 * hold hangs on this very process, so that it is over however that ends.
 * @returns the command's exit code
 * @throws {DevboxError} as {@link hold} and {@link session}
 */
export async function holdWhile(deps: Deps, input: HoldInput & Omit<SessionInput, "by">): Promise<number> {
  const box = heldBox(deps, input.name);
  const until = endOf(deps, input, deps.clock.now());
  // A hold that begins and ends at once would put off what is foreseen for a stopped box.
  await throwUnlessRunning(deps, box.name, usableContainer(box));
  settleHolds(deps, deps.clock.now(), box.id);
  const { id } = addHold(deps, box, { until, reason: input.reason, holder: deps.host.self() });
  try {
    return await session(deps, { ...input, by: "hold" });
  } finally {
    deps.ledger.endHold(id, deps.clock.now());
  }
}

function heldBox(deps: Deps, name: string): BoxRecord {
  const box = findBox(deps, name);
  throwUnlessReady(box);
  return box;
}

function endOf(deps: Deps, input: HoldInput, now: Millis): Millis {
  return holdEnd(input, { now, zone: input.zone, most: deps.config.lifecycle.maxHold });
}

function addHold(deps: Deps, box: BoxRecord, given: Pick<HoldRecord, "until" | "reason" | "holder">): HoldRecord {
  const record = {
    ...given,
    ...{ boxId: box.id, by: deps.caller.user, createdAt: deps.clock.now() },
    reason: printable(given.reason.slice(0, REASON_LIMIT)).toWellFormed(),
  };
  return { ...record, id: deps.ledger.addHold(record), endedAt: undefined };
}
