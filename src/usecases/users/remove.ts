import type { BoxRecord } from "../../core/box.ts";
import type { AuditRecord } from "../../core/audit.ts";
import { DevboxError, hasCode, messageOf } from "../../core/errors.ts";
import { count } from "../../core/text.ts";
import { recorded } from "../audit/record.ts";
import type { Deps } from "../deps.ts";
import { destroy } from "../destroy.ts";
import { handOver } from "../hand-over.ts";
import { throwIfInterrupted } from "../journal.ts";
import { configuredUser } from "../owners.ts";
import { requireAdministrator, requireUser, type UserDeps } from "./deps.ts";
import { keysOf, removeAllKeys, type ListedKey } from "./keys.ts";
import { whatRemains } from "./remains.ts";

/** What becomes of a user's boxes. */
export type BoxPlan = "destroy" | "archive" | "keep-homes" | "hand-over";

export interface RemoveUserInput {
  readonly user: string;
  /** Undefined for a user without boxes. */
  readonly boxes: BoxPlan | undefined;
  /** hand-over: who has them from now on. */
  readonly to: string | undefined;
}

/** What became of one box. */
export interface RemovedBox {
  readonly name: string;
  readonly done: boolean;
  /** What went wrong, also when the box is gone all the same. */
  readonly problem: string | undefined;
  /** Volume with the home that was kept. */
  readonly keptVolume: string | undefined;
}

export interface RemoveUserResult {
  readonly user: string;
  readonly keys: readonly ListedKey[];
  readonly boxes: readonly RemovedBox[];
  /** Commands of theirs that are at work still. */
  readonly running: readonly AuditRecord[];
  /** What a person has to do for the user to be gone for good, a sentence each. */
  readonly remains: readonly string[];
  readonly complete: boolean;
}

/**
 * Whether a user can be removed in this way.
 * @returns their boxes, by name
 * @throws {DevboxError} NOT_PERMITTED, WRONG_STATE, USAGE, USER_NOT_FOUND; NEEDS_CONFIRMATION for boxes without a plan
 */
export function checkRemoval(deps: UserDeps, input: RemoveUserInput): BoxRecord[] {
  requireAdministrator(deps);
  const { user, boxes: plan, to } = input;
  const boxes = boxesOf(deps, user);
  // One who is out of the configuration already may have left things here.
  if (boxes.length === 0 && keysOf(deps, user).length === 0 && !Object.hasOwn(deps.config.users, user)) {
    requireUser(deps, user);
  }
  if ((plan === "hand-over") !== (to !== undefined)) {
    throw new DevboxError("USAGE", "--boxes hand-over and --to OTHER go together.", {
      next: [`devbox-ctl user remove ${user} --boxes hand-over --to OTHER`],
    });
  }
  if (to === user)
    throw new DevboxError("USAGE", "the boxes are to go to the one who is to be removed.", {
      next: ["Name somebody else: --to OTHER"],
    });
  if (to !== undefined) configuredUser(deps, to);
  if (plan === undefined && boxes.length > 0) throw needsPlan(user, boxes);
  return boxes;
}

/**
 * Removes a user: their keys first, so that they cannot come back meanwhile, then their boxes one after the other. A box
 * that fails stops nothing; the same command once more goes on with what is left.
 * @throws {DevboxError} as {@link checkRemoval}, STATE_UNWRITABLE, HOST_DISK, INTERRUPTED
 */
export async function removeUser(deps: UserDeps, input: RemoveUserInput): Promise<RemoveUserResult> {
  const planned = checkRemoval(deps, input);
  const { user } = input;
  const keys = removeAllKeys(deps, user);
  const boxes: RemovedBox[] = [];
  for (const box of planned) {
    throwIfInterrupted(deps.interrupt);
    boxes.push(await removeBox(deps, input, box));
  }
  const known = new Set(boxes.map(({ name }) => name));
  const late = boxesOf(deps, user).filter(({ name }) => !known.has(name));
  boxes.push(...late.map(({ name }) => left(name, "it was made meanwhile; run this once more")));
  return {
    ...{ user, keys, boxes },
    running: runningOf(deps, user),
    remains: await whatRemains(deps, user),
    complete: boxes.every(({ done, problem }) => done && problem === undefined),
  };
}

async function removeBox(deps: UserDeps, input: RemoveUserInput, box: BoxRecord): Promise<RemovedBox> {
  const { user, boxes: plan } = input;
  const { id, name, spec } = box;
  // Somebody was faster; the name may be another's by now.
  if (deps.ledger.boxById(id)?.owner !== user) return { name, done: true, problem: undefined, keptVolume: undefined };
  try {
    return { name, done: true, problem: undefined, keptVolume: await doAsPlanned(deps, input, name) };
  } catch (error) {
    // Somebody was faster by a moment, or an earlier run had begun on it.
    if (hasCode(error, "BOX_NOT_FOUND")) return { name, done: true, problem: undefined, keptVolume: undefined };
    if (!(error instanceof DevboxError)) throw error;
    const problem = [messageOf(error), ...(error.why === undefined ? [] : [error.why])].join(" ");
    const isGone = deps.ledger.boxByName(name)?.owner !== user;
    return isGone
      ? { name, done: true, problem, keptVolume: plan === "keep-homes" ? spec.home : undefined }
      : left(name, problem);
  }
}

/** @returns the volume that was kept */
async function doAsPlanned(
  deps: UserDeps,
  { boxes: plan, to }: RemoveUserInput,
  name: string,
): Promise<string | undefined> {
  if (plan === "hand-over" && to !== undefined) {
    const audited = { command: "hand-over", box: name, what: to, handsOver: true };
    await recorded(deps, audited, () => handOver(deps, { box: name, to }));
    return undefined;
  }
  const keepVolume = plan === "keep-homes";
  const what = keepVolume ? "--keep-volume" : plan === "archive" ? "--archive" : undefined;
  const archive = plan === "archive" ? { archive: { reason: "user remove" } } : {};
  const audited = { command: "destroy", box: name, what };
  const { keptVolume } = await recorded(deps, audited, () => destroy(deps, { name, keepVolume, ...archive }));
  return keptVolume;
}

function left(name: string, problem: string): RemovedBox {
  return { name, done: false, problem, keptVolume: undefined };
}

function boxesOf({ ledger }: Pick<Deps, "ledger">, user: string): BoxRecord[] {
  return ledger.boxes().filter((box) => box.owner === user);
}

/** Commands of a user whose processes are there; this very one is none of them. */
function runningOf({ ledger, host }: Pick<Deps, "ledger" | "host">, user: string): AuditRecord[] {
  const self = host.self();
  return ledger
    .openAudit(user)
    .filter(({ holder }) => host.isAlive(holder) && (holder.pid !== self.pid || holder.startTicks !== self.startTicks));
}

function needsPlan(user: string, boxes: readonly BoxRecord[]): DevboxError {
  return new DevboxError(
    "NEEDS_CONFIRMATION",
    `${user} has ${count(boxes.length, "box", "boxes")}; say what becomes of them.`,
    {
      why: boxes.map(({ name }) => name).join(", "),
      next: [
        `Give them to somebody: devbox-ctl user remove ${user} --boxes hand-over --to OTHER`,
        `Destroy them and keep their homes: devbox-ctl user remove ${user} --boxes keep-homes`,
        `Destroy them and archive their homes: devbox-ctl user remove ${user} --boxes archive`,
        `Destroy them with all that is in them: devbox-ctl user remove ${user} --boxes destroy`,
      ],
    },
  );
}
