import type { Config } from "../config/config.ts";
import { HEADER } from "./places.ts";

/** Processes of the program, Podman and the manager itself, besides those in boxes. */
const OWN_TASKS = 4096;

/** A memory limit below this would be worse than none. Bytes. */
const LEAST_MEMORY = 1024 ** 3;

/** Drop-in of user@UID.service: boxes have limits only with controllers that are handed down. */
export function delegation(): string {
  return [HEADER, "[Service]", "Delegate=cpu cpuset io memory pids", "TasksMax=infinity", ""].join("\n");
}

/** Drop-in of user-UID.slice: what all boxes together may take. @param memory bytes of the machine */
export function sliceLimits({ limits }: Config, memory: number): string {
  const most = memory - limits.reserve.memory;
  return [
    HEADER,
    "[Slice]",
    "# People's own sessions go before boxes.",
    "CPUWeight=50",
    "IOWeight=50",
    `TasksMax=${limits.global * limits.pids + OWN_TASKS}`,
    ...(most < LEAST_MEMORY ? [] : ["# limits.reserve.memory stays the host's.", `MemoryMax=${most}`]),
    "",
  ].join("\n");
}

export interface UnitParts {
  readonly account: string;
  readonly uid: number;
  readonly stateDir: string;
  readonly program: string;
  /** File with the service account's token, handed to the unit by systemd. */
  readonly tokenFile: string | null;
  /** Where archives of homes are, when not in the state directory. */
  readonly archiveDir: string | null;
}

/** Directory below /run for figures. */
const METRICS_DIR = "devbox-metrics";

/** Figures for node_exporter, which takes them up through a link in its own directory. */
const METRICS_FILE = `/run/${METRICS_DIR}/devbox.prom`;

/** Directories that {@link hardened} puts something else in the place of. */
const HIDDEN = ["/home", "/root", "/run/user"];

/** What opens the directory of archives to units; they start without it, too, and say what is wrong with it then. */
function archives(dir: string | null): string[] {
  if (dir === null) return [];
  const isHidden = HIDDEN.some((hidden) => dir === hidden || dir.startsWith(`${hidden}/`));
  return [isHidden ? `BindPaths=-${quoted(dir)}` : `ReadWritePaths=-${quoted(dir)}`];
}

/** A path as systemd reads it: blanks would end it, and per cent signs begin specifiers. */
function quoted(path: string): string {
  const escaped = path.replaceAll("%", "%%").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return /[\s"\\]/.test(path) ? `"${escaped}"` : escaped;
}

/** What every unit of ours may do: talk to Podman's socket and the network, write its state, nothing else. */
function hardened({ account, uid, stateDir, tokenFile, archiveDir }: UnitParts): string[] {
  return [
    `User=${account}`,
    `Group=${account}`,
    "UMask=0077",
    ...(tokenFile === null ? [] : [`LoadCredential=op-token:${tokenFile}`]),
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    `ReadWritePaths=${stateDir}`,
    ...archives(archiveDir),
    "# No local podman is started here: its pause process would keep these mounts for every later command.",
    "ProtectHome=tmpfs",
    `BindPaths=/run/user/${uid}`,
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "LockPersonality=yes",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "RemoveIPC=yes",
    "KeyringMode=private",
    "SystemCallArchitectures=native",
    "# An error instead of a kill: Node asks for calls that it can do without.",
    "SystemCallFilter=@system-service @pkey",
    "SystemCallErrorNumber=EPERM",
  ];
}

interface Job {
  readonly description: string;
  readonly words: string;
  readonly more?: readonly string[];
  readonly after?: readonly string[];
  readonly wantedBy?: string;
}

function service(parts: UnitParts, { description, words, more = [], after = [], wantedBy }: Job): string {
  const manager = `user@${parts.uid}.service`;
  return [
    HEADER,
    "[Unit]",
    `Description=${description}`,
    `Wants=${[manager, ...after].join(" ")}`,
    `After=${[manager, ...after].join(" ")}`,
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${parts.program} ${words}`,
    // Finished, but some part failed: it is said in the journal, and retried.
    ...more,
    ...hardened(parts),
    ...(wantedBy === undefined ? [] : ["", "[Install]", `WantedBy=${wantedBy}`]),
    "",
  ].join("\n");
}

interface Times {
  /** As systemd.time(7) has it. */
  readonly when: string;
  /** Runs of several hosts are spread over so long. */
  readonly delay: string;
  /** Whether a run that was missed while the host was down is made up for. */
  readonly persistent?: boolean;
}

function timer(description: string, { when, delay, persistent = true }: Times): string {
  return [
    HEADER,
    "[Unit]",
    `Description=${description}`,
    "",
    "[Timer]",
    `OnCalendar=${when}`,
    ...(persistent ? ["Persistent=yes"] : []),
    `RandomizedDelaySec=${delay}`,
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
}

export interface UnitFile {
  readonly name: string;
  readonly content: string;
  /** Whether it is enabled, and whether it is started at once. */
  readonly use: "enabled" | "started" | "called";
  readonly purpose: string;
}

const GENTLE = ["Nice=10", "CPUWeight=20", "IOWeight=20"];

/** A service, the timer that calls it if there is one, and what they are for. */
interface UnitJob extends Job {
  readonly name: string;
  readonly purpose: string;
  readonly timer?: Times & { readonly often: string };
}

const JOBS: readonly UnitJob[] = [
  {
    name: "devbox-resume",
    description: "Start the dev boxes that are meant to run",
    words: "resume",
    after: ["network-online.target"],
    more: ["TimeoutStartSec=15min"],
    wantedBy: "multi-user.target",
    purpose: "brings boxes back after a boot",
  },
  {
    name: "devbox-reaper",
    description: "Look after dev boxes that nobody uses",
    words: "reap",
    // Putting many large homes away takes its time; meanwhile no other run begins.
    more: ["TimeoutStartSec=6h", ...GENTLE],
    purpose: "warns, stops, archives and destroys what nobody uses",
    timer: { often: "every hour", when: "hourly", delay: "10min" },
  },
  {
    name: "devbox-schedule",
    description: "Start and stop dev boxes by their schedules",
    words: "reap --only schedules",
    more: ["TimeoutStartSec=50min", ...GENTLE],
    purpose: "follows boxes' schedules",
    timer: { often: "every five minutes", when: "*:0/5", delay: "15s" },
  },
  {
    name: "devbox-metrics",
    description: "Figures of the dev boxes for node_exporter",
    words: `metrics --output ${METRICS_FILE}`,
    more: [
      ...["TimeoutStartSec=2min", `RuntimeDirectory=${METRICS_DIR}`, "RuntimeDirectoryMode=0750"],
      ...["RuntimeDirectoryPreserve=yes", ...GENTLE],
    ],
    purpose: "writes figures for node_exporter",
    timer: { often: "every five minutes", when: "*:2/5", delay: "15s", persistent: false },
  },
  {
    name: "devbox-image-prune",
    description: "Remove dev box images that nothing uses",
    words: "image prune",
    more: ["TimeoutStartSec=2h", ...GENTLE],
    purpose: "removes images that nothing uses",
    timer: { often: "every week", when: "weekly", delay: "6h" },
  },
];

/** The system's units that work for the boxes. */
export function unitFiles(parts: UnitParts): UnitFile[] {
  return JOBS.flatMap(({ name, purpose, timer: times, ...job }): UnitFile[] => {
    const unit: UnitFile = {
      ...{ name: `${name}.service`, content: service(parts, job), purpose },
      use: times === undefined ? "enabled" : "called",
    };
    if (times === undefined) return [unit];
    const title = `${times.often[0]?.toUpperCase() ?? ""}${times.often.slice(1)}: ${name}.service`;
    const content = timer(title, times);
    return [unit, { name: `${name}.timer`, content, use: "started", purpose: `${purpose}, ${times.often}` }];
  });
}
