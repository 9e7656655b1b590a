import { count, printable } from "../../core/text.ts";
import type { DevDownResult } from "../../usecases/dev-tailnet/down.ts";
import type { DevStatusResult } from "../../usecases/dev-tailnet/status.ts";
import type { DevUpResult } from "../../usecases/dev-tailnet/up.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { facts, table } from "./table.ts";

const shellWord = (text: string): string =>
  /^[\w./:=@%+-]+$/.test(text) ? text : `'${printable(text).replaceAll("'", "'\\''")}'`;

/** The end of `tailnet dev up`; under `--quiet` without advice. */
export function presentDevUp(style: Style, { url, users, config, started }: DevUpResult, quiet: boolean): string {
  const arrow = style.strong("→");
  const result = facts(style, [
    ["tailnet", `${style.strong(url)}${started ? "" : "   was up already"}`],
    ["users", users.map(({ name }) => name).join(", ")],
    ["configuration", printable(config)],
  ]);
  if (quiet) return result;
  return [
    result,
    "",
    `  ${style.warn("!")} This is for trying, not for a team: it answers in plain http to everybody who reaches that address.`,
    "",
    `  ${arrow} Let boxes join it, in this shell: export DEVBOX_CONFIG=${shellWord(config)}`,
    `  ${arrow} devbox-ctl create demo`,
    `  ${arrow} Go there over the tailnet, by Tailscale SSH: devbox-ctl tailnet dev ssh demo`,
    `  ${arrow} End it, keeping what it has: devbox-ctl tailnet dev down`,
  ].join("\n");
}

/**
 * The end of `tailnet dev down`.
 * @param isNamed whether the caller's DEVBOX_CONFIG names its configuration
 */
export function presentDevDown(style: Style, result: DevDownResult, isNamed: boolean): string {
  const { stopped, purged } = result;
  if (purged) {
    const gone = `  The tailnet of your own is ${stopped ? "down, and " : ""}gone, with its users, keys and devices.`;
    const unset = `  ${style.strong("→")} This shell names its configuration, which is gone: unset DEVBOX_CONFIG`;
    return [gone, ...leftLines(style, result), ...(isNamed ? [unset] : [])].join("\n");
  }
  if (stopped) return "  The tailnet of your own is down; what it has is kept for: devbox-ctl tailnet dev up";
  return "  The tailnet of your own was not up.";
}

function leftLines(style: Style, { boxes, boxesConfig }: DevDownResult): string[] {
  const [first] = boxes;
  if (first === undefined) return [];
  const named = boxesConfig === undefined ? "" : ` --config ${shellWord(boxesConfig)}`;
  return [
    `  ${style.warn("!")} Left, on no tailnet: ${boxes.map((name) => printable(name)).join(", ")}`,
    `  ${style.strong("→")} See them: devbox-ctl list${named}`,
    `  ${style.strong("→")} Remove one, with its home: devbox-ctl destroy ${shellWord(first)}${named}`,
  ];
}

const STATES = {
  none: "there is none",
  off: "down",
  died: "it has ended by itself, or with the machine",
  running: "up",
} as const;

/** `tailnet dev status` for a person. */
export function presentDevStatus(style: Style, status: DevStatusResult): string {
  const { state, url, users, nodes, config, inForce, problem } = status;
  if (state === "none") {
    return "  There is no tailnet of your own.\n  → Make one: devbox-ctl tailnet dev up";
  }
  const shown = state === "running" ? style.good(STATES[state]) : style.warn(STATES[state]);
  const lines = [
    facts(style, [
      ["tailnet", `${shown}   ${url ?? ""}`],
      ["users", users.map(({ name }) => printable(name)).join(", ")],
      ["configuration", `${printable(config)}${inForce ? "   in force here" : ""}`],
      ["log", printable(status.log)],
      ["problem", problem === undefined ? undefined : style.bad(printable(problem))],
      ["devices", nodes === undefined ? undefined : count(nodes.length, "device")],
    ]),
  ];
  if (nodes !== undefined && nodes.length > 0) {
    const rows = nodes.map(({ name, user, tags, addresses, online }) => [
      printable(name),
      printable(user ?? tags.join(", ")),
      addresses[0] ?? "",
      online ? "online" : "offline",
    ]);
    lines.push("", table(style, ["DEVICE", "USER OR TAGS", "ADDRESS", "STATE"], rows));
  }
  if (state !== "running") lines.push("", `  ${style.strong("→")} Start it: devbox-ctl tailnet dev up`);
  return lines.join("\n");
}

/** `tailnet dev up --json`; its schema is docs/json/tailnet-dev-up.schema.json. */
export function devUpJson({ url, users, config, started }: DevUpResult) {
  return {
    url,
    users: users.map(({ name, keyFile, keyExpiresAt }) => ({ name, keyFile, keyExpiresAt: jsonTime(keyExpiresAt) })),
    config,
    started,
  };
}

/** `tailnet dev down --json`; its schema is docs/json/tailnet-dev-down.schema.json. */
export function devDownJson({ stopped, purged, boxes, boxesConfig }: DevDownResult) {
  return { stopped, purged, boxes: [...boxes], boxesConfig: orNull(boxesConfig) };
}

/** `tailnet dev status --json`; its schema is docs/json/tailnet-dev-status.schema.json. */
export function devStatusJson(status: DevStatusResult) {
  return {
    state: status.state,
    url: orNull(status.url),
    users: status.users.map((user) => ({ ...user })),
    nodes: orNull(
      status.nodes?.map(({ user, tags, addresses, ...node }) => ({
        ...node,
        user: orNull(user),
        tags: [...tags],
        addresses: [...addresses],
      })),
    ),
    config: status.config,
    inForce: status.inForce,
    log: status.log,
    problem: orNull(status.problem),
  };
}
