/** What a service does: a oneshot command of the program. */
export interface Job {
  readonly description: string;
  readonly words: string;
  readonly more?: readonly string[];
  readonly after?: readonly string[];
  readonly wantedBy?: string;
}

/** When a timer calls a service. */
export interface Times {
  /** As systemd.time(7) has it. */
  readonly when: string;
  /** Runs of several hosts are spread over so long. */
  readonly delay: string;
  /** Whether a run that was missed while the host was down is made up for. */
  readonly persistent?: boolean;
}

/** Directory below /run for figures. */
const METRICS_DIR = "devbox-metrics";

/** Figures for node_exporter, which takes them up through a link in its own directory. */
const METRICS_FILE = `/run/${METRICS_DIR}/devbox.prom`;

const GENTLE = ["Nice=10", "CPUWeight=20", "IOWeight=20"];

/** A service, the timer that calls it if there is one, and what they are for. */
interface UnitJob extends Job {
  readonly name: string;
  readonly purpose: string;
  readonly timer?: Times & { readonly often: string };
}

/** What is done for the boxes by itself, and when. */
export const JOBS: readonly UnitJob[] = [
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
