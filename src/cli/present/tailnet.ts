import { type BoxDevice, forgettable, nameOf } from "../../core/device.ts";
import { count } from "../../core/text.ts";
import { firstLabel } from "../../core/tailnet.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { CleanupResult, OverviewDevice, TailnetOverview } from "../../usecases/tailnet/overview.ts";
import type { Rotation } from "../../usecases/tailnet/rotate.ts";
import { jsonTime, orNull, problemJson } from "../json.ts";
import type { Style } from "../style.ts";
import { facts, table } from "./table.ts";
import type { Listing } from "./volumes.ts";

/** A box's device as JSON. */
export function deviceJson(device: BoxDevice | undefined) {
  if (device === undefined) return null;
  const { identity, dnsName, addresses, tags } = device;
  return { nodeId: identity.nodeId, dnsName, addresses: [...addresses], tags: [...tags] };
}

/** The end of `rotate-key`. */
export function presentRotations(rotations: readonly Rotation[]): string {
  if (rotations.length === 0) return "  You have no boxes.";
  return rotations
    .map(({ name, outcome }) =>
      outcome === "renewed"
        ? `  ${name} is logged in with the new key.`
        : `  ${name} is stopped; it takes the new key when it logs in next.`,
    )
    .join("\n");
}

/** `rotate-key --json`; its schema is docs/json/rotate-key.schema.json. */
export function rotationsJson(rotations: readonly Rotation[]) {
  return { boxes: rotations.map(({ name, outcome }) => ({ name, outcome })) };
}

/** `tailnet status` for a person. */
export function presentOverview(
  style: Style,
  { control, problem, devices }: TailnetOverview,
  { now, owners }: Listing,
): string {
  const state = problem === undefined ? `${style.good("✓")} it answers` : `${style.bad("✗")} ${problem.message}`;
  const head = facts(style, [
    ["control plane", control],
    ["state", [state, ...(problem?.why === undefined ? [] : [problem.why]), ...next(problem?.next)].join("\n")],
  ]);
  if (devices.length === 0) return `${head}\n\n  ${owners ? "There are" : "You have"} no devices on it.`;
  const rows = devices.map((device) => [
    ...(owners ? [device.record.boxName, device.record.owner] : [device.record.boxName]),
    forgettable(device.record),
    device.record.dnsName === "" ? "-" : device.record.dnsName,
    device.record.addresses[0] ?? "-",
    stateOf(device, now),
  ]);
  const left = devices.flatMap(({ record: { state: is, problem: why, ...record } }) =>
    is === "leaving" && why !== undefined ? [`  ${style.warn("!")} ${nameOf(record)}: ${why}`] : [],
  );
  const heading = [...(owners ? ["BOX", "OWNER"] : ["BOX"]), "DEVICE", "NAME", "ADDRESS", "STATE"];
  return [head, "", table(style, heading, rows), ...left].join("\n");
}

const next = (lines: readonly string[] = []) => lines.map((line) => `→ ${line}`);

function stateOf({ record, atControl }: OverviewDevice, now: Millis): string {
  const tried =
    record.triedAt === undefined ? "" : `, tried ${count(record.attempts, "time")}, ${ago(record.triedAt, now)}`;
  switch (record.state) {
    case "joining":
      return "a login was interrupted";
    case "leaving":
      return `has to go${tried}`;
    case "joined": {
      const { boxName, dnsName } = record;
      const called =
        firstLabel(dnsName) === boxName ? "" : `, called ${firstLabel(dnsName)}: devbox-ctl restart ${boxName}`;
      if (atControl === "forgotten") return `the control plane has forgotten it: devbox-ctl start ${record.boxName}`;
      return `${atControl === "unknown" ? "joined" : atControl}${called}`;
    }
  }
}

/** `tailnet status --json`; its schema is docs/json/tailnet-status.schema.json. */
export function overviewJson({ title, control, problem, devices }: TailnetOverview) {
  return {
    provider: title,
    control,
    reachable: problem === undefined,
    problem: problemJson(problem),
    devices: devices.map(({ record, atControl }) => ({
      box: record.boxName,
      owner: record.owner,
      hostname: record.hostname,
      state: record.state,
      nodeId: orNull(record.identity?.nodeId),
      dnsName: record.dnsName === "" ? null : record.dnsName,
      addresses: [...record.addresses],
      tags: [...record.tags],
      atControl,
      recordedAt: jsonTime(record.recordedAt),
      attempts: record.attempts,
      triedAt: jsonTime(record.triedAt),
      problem: orNull(record.problem),
    })),
  };
}

/** The end of `tailnet cleanup`, when nothing is left. */
export function presentCleanup({ gone }: CleanupResult, forgotten: string | undefined): string {
  if (forgotten !== undefined) return `  ${forgotten} is given up: nobody looks after it any more.`;
  return gone === 0
    ? "  Nothing is left to remove."
    : `  ${count(gone, "device")} proven gone. Nothing is left to remove.`;
}

/** `tailnet cleanup --json`; its schema is docs/json/tailnet-cleanup.schema.json. */
export function cleanupJson({ gone }: CleanupResult) {
  return { gone, pending: 0 as const };
}
