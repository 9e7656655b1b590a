import { GIB } from "../size.ts";
import { DAY, HOUR, SECOND } from "../time.ts";
import type { Config } from "./config.ts";

/**
 * What no box has any business with: the host's own tailnet (Tailscale's ranges; a box's tailscaled needs no route to
 * them), and the addresses at which clouds hand out a machine's credentials. 169.254.1.0/24 stays open, because pasta
 * answers for the host's name server there.
 */
const BLOCKED = [
  "100.64.0.0/10",
  "fd7a:115c:a1e0::/48",
  // Tencent; Scaleway; AWS, Google, Azure, DigitalOcean, Oracle and others.
  "169.254.0.0/24",
  "169.254.42.42/32",
  "169.254.128.0/17",
  // Azure's wire server; Oracle; AWS and Google over IPv6.
  "168.63.129.16/32",
  "192.0.0.192/32",
  "fd00:ec2::254/128",
  "fd20:ce::254/128",
];

/** The configuration of personal mode without any file. The schema's defaults are these very values. */
export const DEFAULTS: Config = {
  host: { name: null, serviceUser: null, adminGroups: [], commands: 8, sessions: 40 },
  state: { dir: null },
  limits: {
    perUser: 5,
    global: 7,
    counts: "existing",
    cpus: 2,
    memory: 4 * GIB,
    pids: 4096,
    maxCpus: 8,
    maxMemory: 16 * GIB,
    reserve: { memory: 2 * GIB, disk: 10 * GIB },
  },
  image: "localhost/devbox:latest",
  engine: { kind: "podman", path: "podman", socket: null, runtime: null, namespace: "devbox", timeout: 60 },
  isolation: { blocked: BLOCKED, readOnlyRoot: false },
  secrets: { provider: "none", vault: "DevBox", tokenFile: null, dir: null, op: "op", timeout: 30 },
  tailnet: {
    provider: "none",
    loginServer: null,
    timeout: 30,
    env: {},
    api: { url: null, tailnet: "-", tokenFile: null, clientId: null, clientSecretFile: null },
  },
  lifecycle: {
    stopAfterIdle: 7 * DAY,
    destroyAfterStopped: 14 * DAY,
    notice: 48 * HOUR,
    reminder: 6 * HOUR,
    bounds: {
      stopAfterIdle: { min: 3 * DAY, max: 30 * DAY },
      destroyAfterStopped: { min: 3 * DAY, max: 90 * DAY },
    },
    maxHold: 14 * DAY,
    grace: 20 * SECOND,
    parallel: 4,
    activity: {
      signals: {
        ...{ terminal: true, connection: true, cpu: true, agent: true, workspace: true, network: true, hold: true },
      },
      connection: 12 * HOUR,
      agent: 12 * HOUR,
      cpuPercent: 10,
      networkBytes: 64 * 1024,
    },
    archive: { dir: null, keep: 30 * DAY, quota: null, perUser: null },
  },
  notify: [],
  users: {},
};
