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
}

/** What every unit of ours may do: talk to Podman's socket and the network, write its state, nothing else. */
function hardened({ account, uid, stateDir, tokenFile }: UnitParts): string[] {
  return [
    `User=${account}`,
    `Group=${account}`,
    "UMask=0077",
    ...(tokenFile === null ? [] : [`LoadCredential=op-token:${tokenFile}`]),
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    `ReadWritePaths=${stateDir}`,
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

function timer(description: string, when: string, delay: string): string {
  return [
    HEADER,
    "[Unit]",
    `Description=${description}`,
    "",
    "[Timer]",
    `OnCalendar=${when}`,
    "Persistent=yes",
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

/** The system's units that work for the boxes. */
export function unitFiles(parts: UnitParts): UnitFile[] {
  const resume: Job = {
    description: "Start the dev boxes that are meant to run",
    words: "resume",
    after: ["network-online.target"],
    more: ["TimeoutStartSec=15min"],
    wantedBy: "multi-user.target",
  };
  const reap: Job = {
    description: "Finish what interrupted devbox-ctl commands left",
    words: "reap",
    more: ["TimeoutStartSec=50min", ...GENTLE],
  };
  const prune: Job = {
    description: "Remove dev box images that nothing uses",
    words: "image prune",
    more: ["TimeoutStartSec=2h", ...GENTLE],
  };
  const reaping = "finishes or undoes what was interrupted";
  const pruning = "removes images that nothing uses";
  return [
    {
      name: "devbox-resume.service",
      content: service(parts, resume),
      use: "enabled",
      purpose: "brings boxes back after a boot",
    },
    { name: "devbox-reaper.service", content: service(parts, reap), use: "called", purpose: reaping },
    {
      name: "devbox-reaper.timer",
      content: timer("Every hour: devbox-reaper.service", "hourly", "10min"),
      use: "started",
      purpose: `${reaping}, every hour`,
    },
    { name: "devbox-image-prune.service", content: service(parts, prune), use: "called", purpose: pruning },
    {
      name: "devbox-image-prune.timer",
      content: timer("Every week: devbox-image-prune.service", "weekly", "6h"),
      use: "started",
      purpose: `${pruning}, every week`,
    },
  ];
}
