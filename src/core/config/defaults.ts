import { GIB } from "../size.ts";
import type { Config } from "./config.ts";

/** The configuration of personal mode without any file. The schema's defaults are these very values. */
export const DEFAULTS: Config = {
  host: { name: null },
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
  engine: { kind: "podman", path: "podman", runtime: null, namespace: "devbox", timeout: 60 },
  users: {},
};
