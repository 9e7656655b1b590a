import { QUIET } from "../../src/core/lifecycle/decide.ts";
import type { NoticeKind } from "../../src/core/lifecycle/facts.ts";
import { MINUTE, roughly, type Millis } from "../../src/core/time.ts";
import type { TrueBox } from "./box.ts";

/** True time, and what nobody could count right. */
export interface Judge {
  readonly host: { readonly now: Millis };
  readonly miscounted: readonly { readonly at: Millis; readonly span: Millis }[];
}

/** Corrections of the clock by seconds add up to this within a span. */
const SLACK = 10 * MINUTE;

/** Why a box should not have been stopped; judged by true time alone. */
export function unlawfulStop(box: TrueBox, world: Judge, reason: string): string | undefined {
  const { now } = world.host;
  if (!box.runs || !box.exists) return undefined;
  if (box.activeUntil > now) return "stopped while somebody worked in it";
  if (box.heldAt === now) return "stopped while it was held";
  if (reason === "schedule")
    return now - box.usedAt < QUIET - MINUTE ? "stopped by its schedule right after use" : undefined;
  if (box.policy.stopAfterIdle === null) return "stopped although its policy is never";
  const since = Math.max(box.usedAt, box.heldAt);
  return untold(box, world, "stop", since) ?? early(world, since, box.policy.stopAfterIdle, "stopped");
}

/** Why a box should not have been destroyed. */
export function unlawfulDestroy(box: TrueBox, world: Judge): string | undefined {
  const { now } = world.host;
  if (box.runs || box.stoppedAt === undefined) return "destroyed while it ran";
  if (box.heldAt === now) return "destroyed while it was held";
  if (box.archivedAt === undefined || box.archivedAt < box.stoppedAt) return "destroyed without an archive";
  if (box.policy.destroyAfterStopped === null) return "destroyed although its policy is never";
  const since = Math.max(box.stoppedAt, box.heldAt);
  return untold(box, world, "destroy", since) ?? early(world, since, box.policy.destroyAfterStopped, "destroyed");
}

function untold(box: TrueBox, world: Judge, kind: NoticeKind, since: Millis): string | undefined {
  const told = box.told.find((each) => each.kind === kind && each.at >= since);
  if (told === undefined) return `${kind} without a notice that was delivered since`;
  const { now } = world.host;
  return isOver(world, told.at, box.policy.notice)
    ? undefined
    : `${kind} ${roughly(now - told.at)} after its owner was told`;
}

function early(world: Judge, since: Millis, span: Millis, what: string): string | undefined {
  return isOver(world, since, span) ? undefined : `${what} ${roughly(world.host.now - since)} after the span began`;
}

/** Whether a span is over in true time, but for what nobody could know to be miscounted. */
function isOver(world: Judge, since: Millis, span: Millis): boolean {
  const wrong = world.miscounted.filter(({ at }) => at >= since).reduce((sum, each) => sum + each.span, 0);
  return world.host.now - since >= span - SLACK - wrong;
}
