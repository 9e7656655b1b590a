import { hasCode, messageOf } from "../../core/errors.ts";
import { isSame, type Inventory, type Mismatch, reconcile } from "../../core/reconcile.ts";
import { count } from "../../core/text.ts";
import { mayUse, visibleBoxes } from "../access.ts";
import type { Deps } from "../deps.ts";
import { interruptedBoxes } from "../list.ts";
import { recoverAbandoned } from "../recover.ts";
import { ownedVolumes } from "../volume-owners.ts";
import type { Finding } from "./finding.ts";
import { fixMismatch } from "./fix.ts";
import { problemFrom } from "./check-engine.ts";

/** Operations whose process is gone; with `fix` they are finished or undone. */
export async function checkOperations(deps: Deps, fix: boolean): Promise<Finding[]> {
  const mine = new Set(visibleBoxes(deps).map(({ id }) => id));
  const left = [...interruptedBoxes(deps)].filter((id) => mine.has(id));
  if (left.length === 0) return [];
  if (fix) {
    const recovered = (await recoverAbandoned(deps)).filter(({ owner }) => mayUse(deps.caller, owner));
    return recovered.map((result) =>
      "error" in result
        ? { ...problemFrom("operations", result.error), text: `${result.name}: ${messageOf(result.error)}` }
        : {
            check: "operations",
            status: "fixed",
            text: `an interrupted ${result.kind} of ${result.name} is ${result.how}${result.why === undefined ? "" : `: ${result.why}`}`,
          },
    );
  }
  const operations = deps.ledger.operations().filter((operation) => left.includes(operation.boxId));
  return operations.map(({ boxId, kind, error }) => ({
    check: "operations",
    status: "problem",
    text: `a ${kind} of ${deps.ledger.boxById(boxId)?.name ?? boxId} was interrupted${error === undefined ? "" : `: ${error}`}`,
    next: ["devbox-ctl doctor --fix"],
  }));
}

/** Everything in the ledger or the engine without its counterpart; with `fix`, what can be put right is. */
export async function checkBoxes(deps: Deps, fix: boolean): Promise<Finding[]> {
  try {
    const first = reconcile(await inventory(deps));
    // Boxes come and go while one looks: only what is seen twice is so.
    const again = first.length === 0 ? [] : reconcile(await inventory(deps));
    const mismatches = again.filter((mismatch) => first.some((seen) => isSame(seen, mismatch)));
    const findings: Finding[] = [];
    for (const mismatch of mismatches) findings.push(await judge(deps, mismatch, fix));
    return [ledgerLine(deps), ...findings];
  } catch (error) {
    return [problemFrom("boxes", error)];
  }
}

/** The engine first: whatever it lists then was in the ledger before, unless it was removed in between. */
async function inventory(deps: Deps): Promise<Inventory> {
  const [containers, volumes] = await Promise.all([deps.engine.boxes(), ownedVolumes(deps)]);
  const mine = (owner: string) => mayUse(deps.caller, owner);
  return {
    containers: containers.filter((container) => mine(container.identity.owner)),
    volumes: volumes.filter((volume) => mine(volume.identity.owner)),
    records: deps.ledger.boxes().filter((record) => mine(record.owner)),
    underWay: new Set(deps.ledger.operations().map((operation) => operation.boxId)),
  };
}

function ledgerLine(deps: Deps): Finding {
  const mine = new Set(visibleBoxes(deps).map(({ id }) => id));
  const boxes = mine.size;
  const open = deps.ledger.operations().filter(({ boxId }) => mine.has(boxId)).length;
  const text = `Ledger: ${count(boxes, "box", "boxes")}, ${count(open, "unfinished operation")}`;
  return { check: "ledger", status: open === 0 ? "pass" : "remark", text };
}

async function judge(deps: Deps, mismatch: Mismatch, fix: boolean): Promise<Finding> {
  const found = describe(mismatch);
  if (!fix || found.status !== "problem" || found.fixable !== true) return found.finding;
  try {
    return { check: "boxes", status: "fixed", text: await fixMismatch(deps, mismatch) };
  } catch (error) {
    if (hasCode(error, "BUSY", "BOX_NOT_FOUND")) return found.finding;
    return problemFrom("boxes", error);
  }
}

interface Described {
  readonly status: Finding["status"];
  readonly fixable?: boolean;
  readonly finding: Finding;
}

const FIX = ["devbox-ctl doctor --fix"];

function problem(text: string, next: readonly string[]): Described {
  return { status: "problem", fixable: next === FIX, finding: { check: "boxes", status: "problem", text, next } };
}

function remark(text: string, next: readonly string[]): Described {
  return { status: "remark", finding: { check: "boxes", status: "remark", text, next } };
}

function describe(mismatch: Mismatch): Described {
  const { name } = mismatch;
  switch (mismatch.kind) {
    case "unregistered":
      return problem(`the container of ${name} is not in the ledger`, FIX);
    case "name-clash":
      return problem(`a container says it is ${name}, which is another box in the ledger`, [
        `Look at it: podman inspect ${mismatch.containerId.slice(0, 12)}`,
        `If it is nobody's: podman rm ${mismatch.containerId.slice(0, 12)}   (volumes stay)`,
      ]);
    case "container-gone":
      return problem(`the container of ${name} was removed by other hands; its home is there`, [
        `devbox-ctl start ${name} --recreate`,
        `devbox-ctl destroy ${name}`,
      ]);
    case "box-gone":
      return problem(`nothing is left of ${name} but its row in the ledger`, FIX);
    case "home-gone":
      return problem(`the home of ${name} (${mismatch.volume}) was removed by other hands`, [
        `devbox-ctl destroy ${name}`,
      ]);
    case "orphan-private":
      return problem(`the volume ${mismatch.volume} belongs to no box`, FIX);
    case "other-container":
      return problem(`${name} has another container than the ledger says`, FIX);
    case "not-running":
      return remark(`${name} is meant to run and is stopped`, [`devbox-ctl start ${name}`, `devbox-ctl logs ${name}`]);
    case "not-stopped":
      return remark(`${name} is meant to be stopped and runs`, [`devbox-ctl stop ${name}`]);
    case "paused":
      return remark(`${name} was paused by other hands; nothing in it goes on, and the reaper leaves it alone`, [
        `Let it go on: devbox-ctl start ${name}`,
        `Or stop it: devbox-ctl stop ${name}`,
      ]);
    case "in-between":
      return remark(`Podman was not through with starting or stopping ${name}, and no command is at work on it`, [
        `Stop it to the end: devbox-ctl stop ${name}`,
        `Or let it run: devbox-ctl start ${name}`,
      ]);
  }
}
