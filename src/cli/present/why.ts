import { iso } from "../../core/time.ts";
import { isBySchedule } from "../../core/lifecycle/sentences.ts";
import { type Reader, whySentences } from "../../core/lifecycle/why.ts";
import { inCalendar } from "../../core/lifecycle/zone.ts";
import { policySpan } from "../../core/lifecycle/policy-check.ts";
import type { WhyResult } from "../../usecases/lifecycle/why.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { nextJson } from "./next.ts";

/** `why` for a person. */
export function presentWhy(style: Style, result: WhyResult, reader: Reader): string {
  const [first = "", ...rest] = whySentences(result, reader);
  const lines = [style.strong(first), ...rest, ...change(result)];
  return lines.map((line) => `  ${line}`).join("\n");
}

function change(result: WhyResult): string[] {
  const { commands, decision } = result;
  if (commands.length === 0) return [];
  const { reason, next } = decision;
  const isRunningOut = reason !== "held" && next !== undefined && !isBySchedule(result);
  const purpose = isRunningOut || reason === "in-use" ? "To keep it" : "To change that";
  return [`${purpose}: ${commands.join(" · ")}`];
}

/** `why --json`; its schema is docs/json/why.schema.json. */
export function whyJson(result: WhyResult) {
  const { box, facts, decision, policy, stateSince, schedule } = result;
  const { hold } = facts;
  return {
    name: box.name,
    owner: box.owner,
    state: facts.state,
    since: jsonTime(stateSince?.at),
    by: orNull(stateSince?.by),
    lastUsedAt: jsonTime(facts.lastActivity?.at),
    lastUsedBy: orNull(facts.lastActivity?.by),
    inUse: orNull(facts.inUse),
    observed: facts.observation === "none" ? null : result.problem === undefined,
    problem: orNull(result.problem),
    signals: result.signals.map(({ kind, at, words }) => ({ kind, at: iso(at), words })),
    action: decision.action,
    reason: decision.reason,
    next: nextJson(decision),
    hold: hold === undefined ? null : { until: iso(hold.until), by: hold.by, reason: hold.reason },
    schedule: schedule
      ? {
          ...{ start: orNull(schedule.start), stop: orNull(schedule.stop), zone: schedule.zone },
          nextStart: jsonTime(facts.schedule?.nextStart),
          nextStop: jsonTime(facts.schedule?.nextStop),
        }
      : null,
    policy: {
      stopAfterIdle: policySpan(policy.stopAfterIdle),
      destroyAfterStopped: policySpan(policy.destroyAfterStopped),
    },
    told: result.told.map(({ kind, stage, at, state, by, problem }) => ({
      ...{ kind, stage, at: iso(inCalendar(at)), state, by: [...by], problem: orNull(problem) },
    })),
    unpushed: [...result.unpushed],
    homeBytes: orNull(result.homeSize),
    archiveKept: result.archiveKept === null ? null : policySpan(result.archiveKept),
    commands: [...result.commands],
  };
}
