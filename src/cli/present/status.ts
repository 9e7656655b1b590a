import type { Shown } from "../../core/lifecycle/moment-text.ts";
import type { ScheduleRecord } from "../../core/lifecycle/records.ts";
import { holdText, nextText } from "../../core/lifecycle/sentences.ts";
import { count } from "../../core/text.ts";
import { formatSize } from "../../core/size.ts";
import { ago, iso, type Millis } from "../../core/time.ts";
import type { StatusResult } from "../../usecases/status.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { boxJson } from "./box.ts";
import { nextJson } from "./next.ts";
import { facts } from "./table.ts";

/** `status` for a person. [E-04] */
export function presentStatus(style: Style, result: StatusResult, shown: Shown): string {
  const { now } = shown;
  const { box, detail, usage, homeSize } = result;
  const time = (at: Millis | undefined) => (at === undefined ? undefined : `${ago(at, now)}   ${style.faint(iso(at))}`);
  const used = time(box.lastUsedAt);
  return facts(style, [
    ["name", style.strong(box.name)],
    ["state", stateLine(result)],
    ["created", time(box.createdAt)],
    ["last used", used === undefined ? "never" : `${box.lastUsedBy ?? "unknown"}, ${used}`],
    ["started", result.state === "running" ? time(detail?.startedAt) : undefined],
    ["stopped", result.state === "stopped" ? time(detail?.exitedAt) : undefined],
    ["pid", detail?.pid === undefined ? undefined : String(detail.pid)],
    ["address", detail?.address],
    ["tailnet", tailnetLine(style, result)],
    ["cpu", limited(style, result, "cpus", cpuLine(result))],
    ["memory", limited(style, result, "memory", memoryLine(result))],
    [
      "processes",
      limited(
        style,
        result,
        "pids",
        `${usage?.pids === undefined ? "" : `${String(usage.pids)} of `}at most ${String(box.spec.pids)}`,
      ),
    ],
    ["disk", homeSize === undefined ? undefined : `${formatSize(homeSize)} in its home`],
    ...servicesLines(style, result),
    ...lifecycleLines(result, shown),
    ["home", box.spec.home],
    ["image", box.spec.image],
    ["id", box.id],
  ]);
}

/** What becomes of it by itself. */
function lifecycleLines({ box, decided, schedule }: StatusResult, shown: Shown): [string, string | undefined][] {
  const hold = decided?.facts.hold;
  const next = decided && nextText(decided, shown);
  return [
    ["held", hold && holdText(hold, shown).replace(/^held /, "")],
    ["schedule", schedule && scheduleLine(schedule)],
    ["next", next === undefined ? undefined : `${next}\n→ devbox-ctl why ${box.name}`],
  ];
}

function scheduleLine({ start, stop, zone }: ScheduleRecord): string {
  const part = (what: string, cron: string | undefined) => (cron === undefined ? [] : [`${what} ${cron}`]);
  return `${[...part("start", start), ...part("stop", stop)].join(" · ")} (${zone})`;
}

function stateLine(result: StatusResult): string {
  const { operation, state, box, detail } = result;
  if (operation?.holder)
    return `${state}; ${operation.holder.command} is under way (process ${String(operation.holder.holder.pid)})`;
  if (operation) return `${state}; a ${operation.kind} was interrupted\n→ devbox-ctl doctor --fix`;
  if (state === "gone")
    return `gone: its container was removed by other hands\n→ devbox-ctl start ${box.name} --recreate`;
  if (state === "stopped" && detail?.outOfMemory === true) return "stopped: it ran out of memory";
  if (state === "stopped" && box.desired === "running") {
    return `stopped by itself (exit code ${String(detail?.exitCode ?? 0)})\n→ devbox-ctl logs ${box.name} · devbox-ctl start ${box.name}`;
  }
  return state;
}

function tailnetLine(style: Style, { box, node }: StatusResult): string | undefined {
  const { device } = box;
  if (device === undefined && node === undefined) return undefined;
  const words = device && [device.dnsName, ...device.addresses, device.tags.join(" ")].join(" · ");
  switch (node) {
    case undefined:
      return words;
    case "joined":
      return `${style.good("✓")} ${words ?? "joined"}`;
    case "offline":
      return `${style.warn("…")} ${words ?? "joined"}\n  not in touch with the control plane`;
    case "out":
      return `${style.bad("✗")} not on it\n→ devbox-ctl start ${box.name}`;
    case "silent":
      return `${style.bad("✗")} its tailscaled does not answer\n→ devbox-ctl logs ${box.name} --service tailscaled`;
  }
}

function cpuLine({ box, usage }: StatusResult): string {
  const limit = `${String(box.spec.cpus)} ${box.spec.cpus === 1 ? "core" : "cores"}`;
  return usage?.cpuPercent === undefined ? limit : `${usage.cpuPercent.toFixed(1)} % of a core, at most ${limit}`;
}

function memoryLine({ box, usage }: StatusResult): string {
  const limit = formatSize(box.spec.memory);
  return usage?.memory === undefined ? limit : `${formatSize(usage.memory)} / ${limit}`;
}

function limited(style: Style, result: StatusResult, limit: StatusResult["unenforced"][number], line: string): string {
  return result.unenforced.includes(limit) ? `${line}   ${style.warn("not enforced on this host")}` : line;
}

/** One line a service; what keeps failing says why. */
function servicesLines(style: Style, { services, box, state }: StatusResult): [string, string][] {
  const marks = {
    ready: style.good("✓"),
    starting: style.warn("…"),
    failing: style.bad("✗"),
    stopped: "-",
    absent: "-",
  };
  if (services === undefined) return state === "running" ? [["services", "the box does not say how they are"]] : [];
  return services.map((service, index) => {
    const { name, state, restarts, lastExit, lines } = service;
    const times = restarts === 0 ? "" : `, ${count(restarts, "restart")}`;
    const exit = state === "failing" && lastExit !== undefined ? `, last ended with ${lastExit}` : "";
    const words = {
      ready: "ready",
      starting: "starting",
      failing: "keeps failing",
      stopped: "off",
      absent: "not in this image",
    };
    const next = state === "failing" ? [`→ devbox-ctl logs ${box.name} --service ${name}`] : [];
    const said = [...lines.map((line) => style.faint(`  ${line}`)), ...next];
    return [
      index === 0 ? "services" : "",
      [`${marks[state]} ${name}: ${words[state]}${times}${exit}`, ...said].join("\n"),
    ];
  });
}

/** `status --json`; its schema is docs/json/status.schema.json. */
export function statusJson(result: StatusResult) {
  const { box, state, detail, usage, homeSize, unenforced, services, node, operation, decided, schedule } = result;
  return {
    box: boxJson(box),
    state,
    desired: box.desired,
    startedAt: state === "running" ? jsonTime(detail?.startedAt) : null,
    stoppedAt: state === "stopped" ? jsonTime(detail?.exitedAt) : null,
    exitCode: state === "stopped" && detail ? detail.exitCode : null,
    outOfMemory: detail?.outOfMemory ?? false,
    pid: orNull(detail?.pid),
    address: orNull(detail?.address),
    cpuPercent: orNull(usage?.cpuPercent),
    memoryUsedBytes: orNull(usage?.memory),
    processes: orNull(usage?.pids),
    homeBytes: orNull(homeSize),
    notEnforced: [...unenforced],
    services:
      services?.map(({ name, state, upSeconds, restarts, lastExit, lines }) => ({
        ...{ name, state, restarts },
        upSeconds: orNull(upSeconds),
        lastExit: orNull(lastExit),
        lines: [...lines],
      })) ?? null,
    tailnet: orNull(node),
    next: decided === undefined ? null : nextJson(decided.decision),
    heldUntil: jsonTime(decided?.facts.hold?.until),
    schedule: schedule ? { start: orNull(schedule.start), stop: orNull(schedule.stop), zone: schedule.zone } : null,
    operation: operation
      ? { kind: operation.kind, interrupted: operation.holder === undefined, pid: orNull(operation.holder?.holder.pid) }
      : null,
  };
}
