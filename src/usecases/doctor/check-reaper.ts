import { count } from "../../core/text.ts";
import { ago, HOUR, type Millis } from "../../core/time.ts";
import { mayUse, visibleBoxes } from "../access.ts";
import type { Deps } from "../deps.ts";
import { unseenBoxes, unseenText } from "../lifecycle/unseen.ts";
import { lastRun } from "../reap/run-record.ts";
import { unheardNotices } from "../reap/unheard.ts";
import type { Finding } from "./finding.ts";

/** A timer calls it every hour, and a run may take a while. */
const LATE: Millis = 3 * HOUR;

const REAPER = "reaper";

/** Whether the reaper comes by, what it could not do, and whether its notices reach anybody. */
export function checkReaper(deps: Pick<Deps, "ledger" | "clock" | "caller">): Finding[] {
  return [...runFindings(deps), ...unseenFindings(deps), ...noticeFindings(deps)];
}

/** How the host is looked after is its administrators' matter; in personal mode nobody has to run the reaper. */
function runFindings(deps: Pick<Deps, "ledger" | "clock" | "caller">): Finding[] {
  const { via, admin } = deps.caller;
  const isShared = via !== "local";
  if (isShared && !admin) return [];
  const run = lastRun(deps, "all");
  const now = deps.clock.now();
  const journal = ["journalctl -u devbox-reaper.service"];
  if (run === undefined) {
    const text = "the reaper has not run yet: nothing is stopped or destroyed by itself";
    const next = ["systemctl status devbox-reaper.timer", "sudo devbox-ctl host setup"];
    return isShared ? [{ check: REAPER, status: "remark", text, next }] : [];
  }
  const when = ago(run.startedAt, now);
  if (isShared && now - run.startedAt > LATE) {
    const text = `the reaper ran last ${when}, and should every hour`;
    return [{ check: REAPER, status: "remark", text, next: ["systemctl status devbox-reaper.timer", ...journal] }];
  }
  if (!run.failed) return [{ check: REAPER, status: "pass", text: `Reaper: ran ${when}` }];
  return run.problems.map(({ of, problem }) => ({
    ...{ check: REAPER, status: "problem", text: `the reaper's last run (${when}) failed with ${of}: ${problem}` },
    next: [...(isShared ? journal : []), "Once it is mended: devbox-ctl reap"],
  }));
}

/** Boxes that run on because nobody can say whether they are used. */
function unseenFindings(deps: Pick<Deps, "ledger" | "clock" | "caller">): Finding[] {
  const unseen = unseenBoxes(deps);
  return visibleBoxes(deps).flatMap(({ id, name }): Finding[] => {
    const look = unseen.get(id);
    if (look === undefined) return [];
    const text = `${unseenText(name, look, deps.clock.now())}; until it can be, it is not stopped by itself`;
    const next = [`devbox-ctl why ${name}`, `A box of today's image can be looked at: devbox-ctl rebuild ${name}`];
    return [{ check: REAPER, status: "remark", text, next }];
  });
}

function noticeFindings(deps: Pick<Deps, "ledger" | "clock" | "caller">): Finding[] {
  // The box may be gone by now: then the notice says whose it was.
  const owners = new Map(deps.ledger.boxes().map(({ id, owner }) => [id, owner]));
  const unheard = unheardNotices(deps).filter(({ boxId, owner }) => mayUse(deps.caller, owners.get(boxId) ?? owner));
  if (unheard.length === 0) return [];
  const problems = new Set(
    unheard.flatMap(({ deliveries }) =>
      deliveries.flatMap(({ channel, problem }) => (problem === undefined ? [] : [`${channel}: ${problem}`])),
    ),
  );
  const why = problems.size === 0 ? "" : ` (${[...problems].slice(0, 3).join("; ")})`;
  const isWarning = unheard.some(({ kind }) => kind === "stop" || kind === "destroy");
  const waits = isWarning ? "; until a warning does, nothing is done to its box" : "";
  const text = `${count(unheard.length, "notice")} reached nobody${waits}${why}`;
  return [{ check: "notices", status: "remark", text, next: ["Try each channel: devbox-ctl notify test"] }];
}
