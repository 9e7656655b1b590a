import { boxState } from "../core/box.ts";
import { boxesAllowed } from "../core/limits.ts";
import type { Metric, Sample } from "../core/metrics.ts";
import { SECOND, type Millis } from "../core/time.ts";
import type { Deps } from "./deps.ts";
import { engineFacts } from "./engine-facts.ts";
import { throwUnlessForAll } from "./owners.ts";
import { unseenBoxes } from "./lifecycle/unseen.ts";
import { lastRun, type RunKind } from "./reap/run-record.ts";
import { type Judged, survey } from "./reap/survey.ts";
import { unheardNotices } from "./reap/unheard.ts";

/**
 * Figures of all boxes of the host, and of how they are looked after. Nothing is changed, and no box is looked into:
 * what comes next is foreseen from when each was last used as far as it is known. An engine that does not answer is a
 * figure, too.
 * @throws {DevboxError} NOT_PERMITTED
 */
export async function metrics(deps: Deps): Promise<Metric[]> {
  throwUnlessForAll(deps.caller, "metrics");
  const judged = await survey(deps, { write: false, sight: "as-last-seen" }).catch(() => undefined);
  return [
    metric("engine_up", "Whether Podman answers (1) or not (0).", [one(judged === undefined ? 0 : 1)]),
    ...boxMetrics(deps, judged),
    ...nextMetrics(judged ?? []),
    ...(await hostMetrics(deps)),
    ...runMetrics(deps),
    ...keptMetrics(deps),
  ];
}

const metric = (name: string, help: string, samples: readonly Sample[]): Metric => ({ name, help, samples });
const one = (value: number): Sample => ({ labels: {}, value });
const seconds = (time: Millis): number => time / SECOND;

function boxMetrics({ ledger, config }: Deps, judged: readonly Judged[] | undefined): Metric[] {
  const states = new Map(judged?.map(({ box, facts }) => [box.id, facts.state]));
  const boxes = ledger.boxes().map(({ id, owner, phase }) => ({
    owner,
    state: states.get(id) ?? boxState(phase, "unknown"),
  }));
  const counts = Map.groupBy(boxes, ({ owner, state }) => `${state} ${owner}`);
  const owners = [...new Set([...Object.keys(config.users), ...boxes.map(({ owner }) => owner)])].sort();
  return [
    metric(
      "boxes",
      "Boxes by owner and state.",
      [...counts.values()].flatMap((group) => group.slice(0, 1).map((labels) => ({ labels, value: group.length }))),
    ),
    metric(
      "owner_boxes_limit",
      "The most boxes that an owner may have.",
      owners.map((owner) => ({ labels: { owner }, value: boxesAllowed(config, owner) })),
    ),
    metric(
      "owner_boxes",
      "Boxes that an owner has.",
      owners.map((owner) => ({ labels: { owner }, value: boxes.filter((box) => box.owner === owner).length })),
    ),
    metric("host_boxes_limit", "The most boxes that this host may have.", [one(config.limits.global)]),
    metric("host_boxes", "Boxes that this host has.", [one(boxes.length)]),
  ];
}

function nextMetrics(judged: readonly Judged[]): Metric[] {
  const next = judged.flatMap(({ box: { name: box, owner }, decision: { at, next: action } }) =>
    at === undefined || action === undefined ? [] : [{ labels: { box, owner, action }, value: seconds(at) }],
  );
  const used = judged.flatMap(({ box: { name: box, owner }, facts: { lastActivity } }) =>
    lastActivity === undefined ? [] : [{ labels: { box, owner }, value: seconds(lastActivity.at) }],
  );
  const help = "When a box is stopped, destroyed or started next if nothing changes, in seconds since 1970.";
  return [
    metric("box_next_action_timestamp_seconds", help, next),
    metric("box_last_activity_timestamp_seconds", "When a box was last used, in seconds since 1970.", used),
  ];
}

async function hostMetrics(deps: Deps): Promise<Metric[]> {
  const facts = await engineFacts(deps).catch(() => undefined);
  const { memory, disk } = deps.host.free(facts?.storageDir);
  const { reserve } = deps.config.limits;
  const free = [
    { labels: { resource: "memory" }, value: memory },
    ...(disk === undefined ? [] : [{ labels: { resource: "disk" }, value: disk }]),
  ];
  const kept = [
    { labels: { resource: "memory" }, value: reserve.memory },
    { labels: { resource: "disk" }, value: reserve.disk },
  ];
  return [
    metric("host_free_bytes", "Memory that can be had, and disk that is free where boxes are kept.", free),
    metric("host_reserve_bytes", "What starting boxes leaves to the host.", kept),
  ];
}

const RUNS: readonly RunKind[] = ["all", "schedules"];

function runMetrics(deps: Deps): Metric[] {
  const runs = RUNS.flatMap((run) => {
    const record = lastRun(deps, run);
    return record === undefined ? [] : [{ run, record }];
  });
  type Run = (typeof runs)[number];
  const each = (value: ({ record }: Run) => number) =>
    runs.map((entry) => ({ labels: { run: entry.run }, value: value(entry) }));
  const actions = runs.flatMap(({ run, record }) =>
    Object.entries(record.done).map(([action, value]) => ({ labels: { run, action }, value })),
  );
  return [
    metric(
      "reaper_last_run_timestamp_seconds",
      "When the last run of the reaper began, in seconds since 1970; the whole one, and the one for schedules alone.",
      each(({ record }) => seconds(record.startedAt)),
    ),
    metric(
      "reaper_last_run_duration_seconds",
      "How long it took.",
      each(({ record }) => record.duration / SECOND),
    ),
    metric(
      "reaper_last_run_failed",
      "Whether some part of it failed (1) or not (0).",
      each(({ record }) => Number(record.failed)),
    ),
    metric(
      "reaper_last_run_failures",
      "How many parts of it failed.",
      each(({ record }) => record.problems.length),
    ),
    metric("reaper_last_run_actions", "What it did, by kind of action.", actions),
  ];
}

function keptMetrics(deps: Deps): Metric[] {
  const { ledger } = deps;
  const unheard = unheardNotices(deps);
  const unseen = unseenBoxes(deps);
  const archives = ledger.archives().filter(({ state }) => state === "complete");
  const oldest = (times: readonly Millis[]) => (times.length === 0 ? [] : [one(seconds(Math.min(...times)))]);
  const leaving = ledger.devices().filter(({ state }) => state === "leaving");
  return [
    metric("boxes_not_observed", "Running boxes into which the reaper's last look failed.", [one(unseen.size)]),
    metric("notices_undelivered", "Notices that no channel has delivered.", [one(unheard.length)]),
    metric(
      "notices_undelivered_oldest_timestamp_seconds",
      "When the oldest of them was entered, in seconds since 1970.",
      oldest(unheard.map(({ createdAt }) => createdAt)),
    ),
    metric("tailnet_devices_pending", "Devices that have to be proven gone from the tailnet.", [one(leaving.length)]),
    metric("archives", "Archives of homes.", [one(archives.length)]),
    metric("archives_bytes", "Bytes of all archives.", [one(archives.reduce((sum, { size }) => sum + size, 0))]),
    metric(
      "archives_oldest_timestamp_seconds",
      "When the oldest archive was made, in seconds since 1970.",
      oldest(archives.map(({ createdAt }) => createdAt)),
    ),
    metric("ledger_bytes", "Size of the ledger.", [one(ledger.size())]),
  ];
}
