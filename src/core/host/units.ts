import type { Config } from "../config/config.ts";
import { HEADER } from "./places.ts";
import { type Job, JOBS, type Times } from "./unit-jobs.ts";

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
